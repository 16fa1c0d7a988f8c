"""Net load of all feeders and of their total, one above the other: `all.png`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas import DataFrame

from load_profile.plots.axes import (
    TICK_PT,
    figure_key,
    figure_of,
    name_panel,
    styled,
    time_axis,
    unit_of,
)
from load_profile.plots.axes import numbers as mw_of
from load_profile.plots.profile_lines import (
    BAND,
    BAND_ALPHA,
    DASHES,
    ESTIMATED,
    GAP_EDGE_PT,
    draw_estimates,
    draw_net,
    estimates_of,
    gaps_in_words,
    powers_of,
    profiles_and_gaps,
    shade_gaps,
    span_of,
)
from load_profile.plots.system import TOTAL, System, query, rows_by_feeder
from load_profile.plots.theme import (
    BLUE,
    GAP_EDGE,
    GAP_FILL,
    HEADING_PT,
    LABEL_PT,
    NET,
    RED,
    TEXT_PT,
    shortened,
)
from load_profile.shown import ISO, Dates

if TYPE_CHECKING:
    import duckdb

Panel = tuple[str, DataFrame, DataFrame]  # name, profile and gaps
NET_COLUMNS = ["mw_net_min", "mw_net_max"]
SMALL = {"ticks": 3, "size": LABEL_PT}  # axes of a panel
TOTAL_HEIGHT = 1.8  # of the total's panel; a feeder's is 1


def read(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, object]:
    """Return the profiles and gaps of all feeders and the total, on the system's clock."""
    total_gaps = query(con, "all_feeders_gaps", system).df()
    if system.bucket_minutes % 1440:
        total = query(con, "all_feeders_buckets", system).df()
        panels = profiles_and_gaps(con, system, system.feeders, zone=system.timezone)
    else:  # whole days are in a table already, a hundredth of the rows
        days = rows_by_feeder(query(con, "all_feeders_days", system).df())
        gaps = query(con, "profile_gaps", system, zone=system.timezone)
        gaps_of = rows_by_feeder(gaps.df())
        total = days(TOTAL)
        panels = [(name, days(name), gaps_of(name)) for name in system.feeders]
    estimates = estimates_of(con, system, system.feeders, zone=system.timezone)
    total_estimates = query(con, "profile_total_estimates", system).df()
    if len(total_estimates):
        estimates[TOTAL] = total_estimates
    return {
        "feeders": panels,
        "estimates": estimates,
        "total": (TOTAL, total, total_gaps),
        "zone": system.timezone,
        "net_convention": system.net_convention,
        "dates": system.dates,
    }


@styled
def draw(
    feeders: list[Panel],
    total: Panel,
    *,
    zone: str,
    estimates: Mapping[str, DataFrame] = MappingProxyType({}),
    net_convention: str = "signed",
    dates: Dates = ISO,
    most: int = 24,
) -> Figure:
    """Draw a panel of net power for each feeder, with its own scale, and for the total below them.

    Of more than `most` feeders, those with the largest absolute peak are drawn, in the given order.
    The total's gaps are the spans in which it is unknown because a feeder is missing.
    """
    shown = [*_largest(feeders, most), total]
    span = span_of([(profile, gaps) for _, profile, gaps in [*feeders, total]])
    figure, axes = _panels(len(shown))
    drawn = [powers_of(profile[NET_COLUMNS], estimates.get(name)) for name, profile, _ in shown]
    unit = unit_of(*(values for of_one in drawn for values in of_one))
    for ax, (name, profile, gaps) in zip(axes, shown, strict=True):
        is_total = ax is axes[-1]
        draw_net(ax, profile, name=name, wide=1.4 if is_total else 1, unit=unit, **SMALL)
        draw_estimates(ax, estimates.get(name), wide=1.2 if is_total else 0.9)
        name_panel(ax, shortened(name, 100), gaps_in_words(gaps, is_total=is_total), size=TEXT_PT)
        shade_gaps(ax, profile, gaps, span)
    axes[-1].set_title(TOTAL, loc="left", fontsize=HEADING_PT, weight="bold")
    time_axis(axes[-1], span, zone, size=TICK_PT, dates=dates)
    figure.supylabel(f"{NET[net_convention]} ({unit.power})", x=0.008, fontsize=HEADING_PT)
    cut = f"{most} of {len(feeders)} feeders shown: those with the largest peak"
    has_estimates = any(estimates.get(name) is not None for name, *_ in shown)
    _explain(figure, cut if len(feeders) > most else "", has_estimates)
    sns.despine(fig=figure)
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with axes below each other, which share time; the total's is the highest."""
    ratios = [*[1.0] * (count - 1), TOTAL_HEIGHT]
    height = 1.5 + sum(ratios)  # inches
    figure = figure_of(height, "All feeders and their total")
    layout = {
        "left": 0.065,
        "right": 0.975,
        "top": 1 - 0.95 / height,
        "bottom": 0.6 / height,
        "hspace": 0.36,
        "height_ratios": ratios,
    }
    axes = figure.subplots(count, 1, sharex=True, squeeze=False, gridspec_kw=layout)
    return figure, list(axes[:, 0])


def _explain(figure: Figure, left_out: str, has_estimates: bool) -> None:
    """Explain band and shading in one row under the title, and note the feeders left out."""
    gap = {"facecolor": GAP_FILL, "edgecolor": GAP_EDGE, "linewidth": GAP_EDGE_PT}
    meaning = "gap (total: unknown, a feeder is missing)"
    below = 0.56  # inches
    band = {"facecolor": BLUE, "alpha": 0.5}
    meanings = [(band, "lowest to highest"), (gap, meaning)]
    if has_estimates:
        dashed = Line2D([], [], color=RED, linewidth=1.3, linestyle=DASHES)
        meanings += [(dashed, ESTIMATED), ({"facecolor": RED, "alpha": BAND_ALPHA}, BAND)]
    figure_key(figure, meanings, below=below)
    y = 1 - below / figure.get_figheight()
    figure.text(0.975, y, left_out, ha="right", va="center", fontsize=TICK_PT, weight="bold")


def _largest(feeders: list[Panel], most: int) -> list[Panel]:
    """Return the feeders with the largest absolute peak (MW), in their given order."""
    peaks = [_peak(profile) for _, profile, _ in feeders]
    by_peak = sorted(range(len(feeders)), key=lambda i: peaks[i], reverse=True)
    return [feeders[i] for i in sorted(by_peak[:most])]


def _peak(profile: DataFrame) -> float:
    """Return the largest absolute net power (MW); -1 without any reading."""
    values = np.concatenate([mw_of(profile, "mw_net_min"), mw_of(profile, "mw_net_max")])
    known = np.abs(values[np.isfinite(values)])
    return float(known.max()) if len(known) else -1.0
