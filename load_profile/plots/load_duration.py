"""Load-duration curves of the total and the largest feeders: `load-duration.png`.

Figures are those of the table `load_duration`, whose points a frame has: `year`, `share_of`,
`share`, `mw`, `hours`. Lines between the points are there to lead the eye.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas import DataFrame

from load_profile.plots.axes import (
    TICK_PT,
    axes_at,
    figure_of,
    heading,
    label_values,
    name_panel,
    numbers,
    panels,
    power_axis,
    show_unknown,
    styled,
    unit_of,
)
from load_profile.plots.system import TOTAL, System, query, rows_by_feeder
from load_profile.plots.theme import (
    BY_POWER,
    COLOURS,
    LABEL_PT,
    LEFT,
    NET,
    NO_READINGS,
    NO_TOTAL,
    RIGHT,
    in_digits,
    in_order,
    part_of,
    shortened,
)
from load_profile.shown import Unit

if TYPE_CHECKING:
    import duckdb

MOST_YEARS, MOST_COLUMNS = 6, 4  # of curves, of the table
TOP, HEIGHT = 0.85, 3.7  # of the total's axes (inches)
COLUMNS = 4  # of feeders' panels


def read(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, object]:
    """Return the points of the total and the largest feeders."""
    points = query(con, "load_duration", system, feeders=[TOTAL, *system.largest]).df()
    points_of = rows_by_feeder(points)
    feeders = [(name, points_of(name)) for name in system.largest]
    return {"total": points_of(TOTAL), "feeders": feeders, **system.look}


@styled
def draw(
    total: DataFrame,
    feeders: list[tuple[str, DataFrame]],
    *,
    feeder_count: int,
    net_convention: str = "signed",
) -> Figure:
    """Draw net MW that is reached or exceeded in a share of the known time, one curve a year."""
    all_years = sorted({*total["year"], *(year for _, f in feeders for year in f["year"])})
    years = all_years[-MOST_YEARS:]
    colours = dict(zip(reversed(years), COLOURS, strict=False))
    small = TOP + HEIGHT + 1.25
    unit = unit_of(*(numbers(points, "mw") for points in (total, *(f for _, f in feeders))))
    figure = figure_of(small + ceil(len(feeders) / COLUMNS) * 1.77 - 0.25, "Load-duration curves")
    heading(figure, 0.55, "Total", part_of(len(years), len(all_years), "year"))
    ax = axes_at(figure, LEFT, TOP, 7.4, HEIGHT)
    _draw_curves(ax, total, colours, unit, ticks=8, size=TICK_PT, unknown=NO_TOTAL)
    label_values(ax, f"{NET[net_convention]} ({unit.power})")
    ax.set_xlabel("Share of the known time (%)")
    lines = [Line2D([], [], color=colour) for colour in colours.values()]
    ax.legend(lines, _known_hours(total, colours), loc="upper right", frameon=True, framealpha=0.85)
    _table_of_hours(axes_at(figure, 9.0, TOP, RIGHT - 9.0, HEIGHT), total, years, unit)
    note = in_order(len(feeders), feeder_count, BY_POWER)
    heading(figure, small - 0.45, f"Feeders, {unit.power} over % of the time", note)
    place = {"top": small, "height": 1.15, "between": (0.55, 0.62)}
    axes = panels(figure, len(feeders), COLUMNS, **place)
    for ax, (name, points) in zip(axes, feeders, strict=True):
        name_panel(ax, shortened(name, 22), _peak_in_words(points, colours, unit))
        _draw_curves(ax, points, colours, unit, ticks=4, size=LABEL_PT)
    sns.despine(fig=figure)
    return figure


def curve(points: DataFrame) -> tuple[np.ndarray, np.ndarray, float]:
    """Return share of the known time (%), MW, and the known time (hours) of one year's points."""
    is_all = (points["share_of"] == "time") & (points["share"] == 1)
    known = float(points["hours"][is_all].max())
    hours, mw = numbers(points, "hours"), numbers(points, "mw")
    order = np.lexsort([-mw, hours])
    return 100 * hours[order] / (known or 1.0), mw[order], known


def _draw_curves(
    ax: Axes,
    points: DataFrame,
    colours: Mapping[int, str],
    unit: Unit,
    *,
    ticks: int,
    size: float,
    unknown: str = NO_READINGS,
) -> None:
    """Draw a curve a year, the last one on top and with its points."""
    by_year = dict(list(points.groupby("year")))
    drawn = [year for year in reversed(colours) if year in by_year]
    if not drawn:
        show_unknown(ax, unknown, size=size)
        return
    power_axis(ax, numbers(points, "mw"), unit=unit, ticks=ticks, size=size)
    for year in drawn:
        share, mw, _ = curve(by_year[year])
        look = {"marker": ".", "markersize": 0.5 * size} if year == drawn[-1] else {}
        ax.plot(share, mw, color=colours[year], linewidth=0.15 * size, gid=str(year), **look)
    ax.set(xlim=(0, 100), xticks=range(0, 101, 20))


def _known_hours(total: DataFrame, colours: Mapping[int, str]) -> list[str]:
    """`2024: 8,784 h known` for every year."""
    by_year = dict(list(total.groupby("year")))
    return [
        f"{year}: {curve(by_year[year])[2]:,.0f} h known" if year in by_year else f"{year}: unknown"
        for year in colours
    ]


def _table_of_hours(ax: Axes, total: DataFrame, years: Sequence[int], unit: Unit) -> None:
    """Write hours at or above each share of a year's own peak, the last year first."""
    ax.set_axis_off()
    peaks = total[total["share_of"] == "peak"]
    columns = list(reversed(years))[:MOST_COLUMNS]
    cut = f", last {MOST_COLUMNS} years" if len(years) > MOST_COLUMNS else ""
    title = f"Hours at or above a share of the year's peak{cut}"
    ax.set_title(title, loc="left", weight="bold", fontsize=TICK_PT)
    if peaks.empty:
        words = "no peak above 0 MW" if len(total) else NO_TOTAL
        ax.text(0, 0.94, words, va="top", fontsize=TICK_PT)
        return
    shares = sorted(set(peaks["share"]), reverse=True)
    cells = [["", *map(str, columns)]] + [
        [f"{100 * share:.0f} % of the peak"]
        + [_hours(peaks, year, share, unit if len(columns) <= 2 else None) for year in columns]
        for share in shares
    ]
    widths = [0.3, *[0.7 / len(columns)] * len(columns)]
    look = {"bbox": (0, 0, 1, 0.98), "cellLoc": "right", "edges": "open", "colWidths": widths}
    table = ax.table(cells, **look)
    table.auto_set_font_size(False)
    table.set_fontsize(TICK_PT)


def _hours(peaks: DataFrame, year: int, share: float, unit: Unit | None) -> str:
    """`12.25 (9.4 MW)`, hours alone without a unit, empty if it is not known."""
    points = peaks[(peaks["year"] == year) & (peaks["share"] == share)]
    if points.empty:
        return ""
    hours, mw = points[["hours", "mw"]].iloc[0]
    return f"{hours:,.2f}" + (f" ({in_digits(unit.of(mw))} {unit.power})" if unit else "")


def _peak_in_words(points: DataFrame, colours: Mapping[int, str], unit: Unit) -> str:
    """`2024: 9.40 MW`, of the last year that is shown."""
    known = points[points["year"].isin(list(colours))]
    if known.empty:
        return ""
    last = known[known["year"] == known["year"].max()]
    return f"{last['year'].max()}: {in_digits(unit.of(last['mw'].max()))} {unit.power}"
