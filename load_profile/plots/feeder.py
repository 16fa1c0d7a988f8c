"""A feeder's net load with its gaps, delivered and received below it: `<feeder>.png`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import seaborn as sns
from matplotlib.figure import Figure
from pandas import DataFrame

from load_profile.plots.axes import figure_of, label_values, styled, time_axis, unit_of
from load_profile.plots.profile_lines import (
    draw_directions,
    draw_estimates,
    draw_net,
    estimates_of,
    label_gaps,
    legend_above,
    powers_of,
    profiles_and_gaps,
    shade_gaps,
    span_of,
)
from load_profile.plots.system import System
from load_profile.plots.theme import NET, TEXT_PT, shortened
from load_profile.shown import ISO, Dates

if TYPE_CHECKING:
    import duckdb

NET_NAMES = {"signed": "net", "gross": "gross"}
DELIVERED_RECEIVED = "Delivered above, received below zero"


def read(
    con: duckdb.DuckDBPyConnection, system: System, feeders: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Return what to draw of each feeder, on the clock of its own zone."""
    series = profiles_and_gaps(con, system, feeders, zone=None)
    estimates = estimates_of(con, system, feeders, zone=None)
    return {
        name: {
            "feeder": name,
            "profile": profile,
            "gaps": gaps,
            "estimates": estimates.get(name),
            "zone": system.zones[name],
            "net_convention": system.net_convention,
            "dates": system.dates,
        }
        for name, profile, gaps in series
    }


@styled
def draw(
    feeder: str,
    profile: DataFrame,
    gaps: DataFrame,
    *,
    zone: str,
    estimates: DataFrame | None = None,
    net_convention: str = "signed",
    dates: Dates = ISO,
) -> Figure:
    """Draw net power on top, delivered and received below it, over a shared time axis."""
    span = span_of([(profile, gaps)])
    figure = figure_of(7, f"{shortened(feeder, 66)}, {span.in_words(dates)}" if span else feeder)
    layout = {"left": 0.065, "right": 0.975, "top": 0.875, "bottom": 0.085, "hspace": 0.14}
    net, directions = figure.subplots(2, 1, sharex=True, gridspec_kw=layout)
    unit = unit_of(*powers_of(profile, estimates))
    draw_net(net, profile, name=NET_NAMES[net_convention], unit=unit)
    draw_estimates(net, estimates)
    draw_directions(directions, profile, unit)
    legend_above(directions, 0.01)  # before the shading, which the upper legend explains
    for ax in (net, directions):
        shade_gaps(ax, profile, gaps, span)
    label_gaps(net, gaps, span, dates)
    label_values(net, f"{NET[net_convention]} ({unit.power})")
    label_values(directions, f"{DELIVERED_RECEIVED} ({unit.power})", fontsize=TEXT_PT)
    time_axis(directions, span, zone, dates=dates)
    legend_above(net, 0.11)
    sns.despine(fig=figure)
    return figure
