"""Peak and energy of the total month by month, and the feeders ranked: `by-month.png`."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from pandas import DataFrame

from ingest.words import counted
from load_profile.plots.axes import (
    TICK_PT,
    axes_at,
    figure_key,
    figure_of,
    heading,
    label_values,
    numbers,
    panels,
    power_axis,
    show_unknown,
    styled,
    unit_of,
)
from load_profile.plots.system import System, query
from load_profile.plots.theme import (
    BLUE,
    BY_POWER,
    DARK,
    GAP_EDGE,
    GAP_FILL,
    LABEL_PT,
    LEFT,
    NO_TOTAL,
    ORANGE,
    RIGHT,
    TEXT_PT,
    in_digits,
    in_order,
    part_of,
    shortened,
)
from load_profile.shown import MEGA, Unit

if TYPE_CHECKING:
    import duckdb

LABELS = {
    "signed": ("Peak of net power ({power})", "Net energy ({energy})"),
    "gross": ("Peak of gross power ({power})", "Gross energy ({energy})"),
}
LOWER_BOUND = {"hatch": "////", "edgecolor": "white"}
KEY = (
    ({"facecolor": BLUE}, "peak, energy"),
    ({"facecolor": ORANGE}, "lowest power where below 0 (reverse flow)"),
    (
        {"facecolor": BLUE, **LOWER_BOUND},
        "lower bound: an interval is unknown, or left out of peaks",
    ),
    ({"facecolor": GAP_FILL, "edgecolor": GAP_EDGE}, "unknown"),
)
MOST_MONTHS, MOST_RANKED = 36, 20
FEW_MONTHS = 24  # up to so many bars each carries its value
BAR = 0.72  # width of a month's bar if they are many, height of a feeder's
TOP, HEIGHT, BETWEEN = 1.3, 2.3, 0.55  # of the total's axes (inches)
NAMES = 1.1  # room for the names of feeders (inches)


def read(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, object]:
    """Return the total's months, and the feeders' last twelve together."""
    feeders = query(con, "by_month_feeders", system).df()
    ends = feeders[["first_month", "last_month"]].iloc[0]
    return {
        "months": query(con, "by_month_total", system).df(),
        "feeders": feeders,
        "ranked_over": " - ".join(dict.fromkeys(f"{month:%b %Y}" for month in ends)),
        "net_convention": system.net_convention,
    }


@styled
def draw(
    months: DataFrame, feeders: DataFrame, *, ranked_over: str, net_convention: str = "signed"
) -> Figure:
    """Draw peak and energy of the total month by month; below, feeders in the order of their peak.

    `months`: `month`, `peak_mw`, `min_mw`, `net_mwh`, `is_lower_bound`. `feeders`, the same
    figures of the months that `ranked_over` names, by `feeder` from the largest peak down.
    """
    shown, ranked = months.tail(MOST_MONTHS), feeders.head(MOST_RANKED)
    ranking = TOP + 2 * HEIGHT + BETWEEN + 1.45
    deep = max(len(ranked), 1) * 0.24
    figure = figure_of(ranking + deep + 0.25, "Peak and energy by month")
    figure_key(figure, KEY)
    unit = unit_of(*(numbers(of, name) for of in (shown, ranked) for name in ("peak_mw", "min_mw")))
    labels = [
        label.format(power=unit.power, energy=unit.energy) for label in LABELS[net_convention]
    ]
    heading(figure, 0.88, "Total", part_of(len(shown), len(months), "month"))
    axes = panels(figure, 2, 1, top=TOP, height=HEIGHT, between=(0, BETWEEN))
    for ax, label, columns in zip(axes, labels, (["peak_mw", "min_mw"], ["net_mwh"]), strict=True):
        _draw_months(ax, shown, *columns, unit=unit)
        label_values(ax, label)
    heading(figure, ranking - 0.58, f"Feeders, {ranked_over}", _ranked_in_words(feeders, unit))
    wide = (RIGHT - LEFT - NAMES - 0.1) / 2
    for i, (label, columns) in enumerate(
        zip(labels, (["peak_mw", "min_mw"], ["net_mwh"]), strict=True)
    ):
        ax = axes_at(figure, LEFT + NAMES + i * (wide + 0.1), ranking, wide - 0.1, deep)
        _draw_ranking(ax, ranked, *columns, unit=unit)
        ax.set_title(label, fontsize=TICK_PT, loc="left")
        names = [shortened(name, 23) for name in ranked["feeder"]] if i == 0 else []
        ax.set_yticks(range(len(names)), names, fontsize=TEXT_PT)
    sns.despine(fig=figure)
    return figure


def _draw_months(
    ax: Axes, months: DataFrame, column: str, lowest: str | None = None, *, unit: Unit = MEGA
) -> None:
    """Draw a bar a month, under it that of another column where it is below 0."""
    values, lower = numbers(months, column), _below_zero(months, lowest)
    places = np.arange(len(months))
    power_axis(ax, lower, values, unit=unit, ticks=5)
    ax.set_xlim(-0.5, max(len(months), 1) - 0.5)
    ax.grid(False, axis="x")
    _name_months(ax, months)
    for place in places[~np.isfinite(values)]:
        ax.axvspan(place - 0.5, place + 0.5, color=GAP_FILL, linewidth=0)
    if not np.isfinite(values).any():
        show_unknown(ax, NO_TOTAL)
        return
    wide = BAR * min(1.0, len(months) / 12)
    bars = [ax.bar(places, lower, wide, color=ORANGE), ax.bar(places, values, wide, color=BLUE)]
    _finish_bars(ax, bars, months, unit, named=len(months) <= FEW_MONTHS)


def _draw_ranking(
    ax: Axes, feeders: DataFrame, column: str, lowest: str | None = None, *, unit: Unit = MEGA
) -> None:
    """Draw a bar a feeder, the first on top, with its value at its end."""
    values, lower = numbers(feeders, column), _below_zero(feeders, lowest)
    places = np.arange(len(feeders))
    known = np.concatenate([[0.0], lower, values[np.isfinite(values)]])
    room = 0.12 * (known.max() - known.min()) or 1.0
    ax.set_xlim(known.min() - room * (known.min() < 0), known.max() + room)
    ax.set_ylim(max(len(feeders), 1) - 0.5, -0.5)
    ax.set_xticks([])
    ax.grid(False)
    ax.spines[["bottom", "left"]].set_color("none")
    bars = [ax.barh(places, lower, BAR, color=ORANGE), ax.barh(places, values, BAR, color=BLUE)]
    _finish_bars(ax, bars, feeders, unit, named=True)
    ax.axvline(0, color=DARK, linewidth=0.8, zorder=3)
    for place in places[~np.isfinite(values)]:
        ax.annotate("unknown", (0, place), (4, 0), textcoords="offset points", va="center")


def _below_zero(frame: DataFrame, column: str | None) -> np.ndarray:
    """Return the values of a column where they are below 0, else 0."""
    return np.minimum(np.nan_to_num(numbers(frame, column)), 0) if column else np.zeros(len(frame))


def _finish_bars(
    ax: Axes, bars: Sequence[BarContainer], frame: DataFrame, unit: Unit, *, named: bool
) -> None:
    """Hatch the bars of lower bounds, and write values at the ends of lowest and value bars."""
    lowest, value = bars
    for kind, container in (("lowest", lowest), ("value", value)):
        for bar, is_bound in zip(container, frame["is_lower_bound"], strict=True):
            bar.set(gid=kind, zorder=2, linewidth=0, **(LOWER_BOUND if is_bound else {}))
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    for container in bars if named else ():
        labels = [
            in_digits(unit.of(number))
            if np.isfinite(number) and (number or container is value)
            else ""
            for number in container.datavalues
        ]
        ax.bar_label(container, labels, padding=2, fontsize=LABEL_PT, bbox=ground)


def _name_months(ax: Axes, months: DataFrame) -> None:
    """Name as many months as fit, with their years."""
    step = max(1, ceil(len(months) / FEW_MONTHS))
    labels = [f"{month:%b}\n{month:%Y}" for month in months["month"].iloc[::step]]
    ax.set_xticks(range(0, len(months), step), labels, fontsize=TEXT_PT)


def _ranked_in_words(feeders: DataFrame, unit: Unit) -> str:
    """`the order, and 3 more feeders, 30 MWh together`."""
    rest = feeders.iloc[MOST_RANKED:]
    order = in_order(len(feeders) - len(rest), len(feeders), BY_POWER)
    if rest.empty:
        return order
    energy = unit.of(np.nansum(numbers(rest, "net_mwh")))
    return f"{order}; and {counted(len(rest), 'more feeder')}, {energy:,.0f} {unit.energy} together"
