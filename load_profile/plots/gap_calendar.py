"""The missing share of every day, a row a feeder: `gap-calendar.png`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from pandas import DataFrame

from ingest.words import counted
from load_profile.plots.axes import axes_at, figure_key, figure_of, heading, styled
from load_profile.plots.day_grid import HATCHED, DayGrid, day_axis, draw_cells
from load_profile.plots.system import TOTAL, System, query
from load_profile.plots.theme import (
    GAP_EDGE,
    LABEL_PT,
    LEFT,
    RIGHT,
    in_order,
    shortened,
)
from load_profile.shown import ISO, Dates

if TYPE_CHECKING:
    import duckdb

COMPLETE = "#e9eef0"
MISSING = LinearSegmentedColormap.from_list(
    "missing", [GAP_EDGE, "#8f3a80", "#3d0f36"]
).with_extremes(under=COMPLETE)
LEAST = 1e-9  # a share of missing intervals below this is none
MOST_ROWS = 60  # feeders
DAYS = 1040  # pixels that there are for days
TOP, ROW, BOTTOM = 1.08, 0.17, 0.6  # room above, height of a feeder, room below (inches)


def read(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, object]:
    """Return missing shares by day of the total and of the feeders that lack most."""
    found = query(con, "gap_calendar_totals", system).fetchall()
    counts = {name: counts for name, *counts in found}
    lacks = {feeder: counts.get(feeder, (0, 0))[0] for feeder in system.feeders}
    most = sorted(system.feeders, key=lambda feeder: -lacks[feeder])[:MOST_ROWS]
    names = [TOTAL, *(feeder for feeder in system.feeders if feeder in set(most))]
    wide = system.days_per_column(DAYS)
    shares = query(con, "gap_calendar_days", system, rows=names, days_per_column=wide).df()
    totals = [(name, *counts.get(name, (0, 0))) for name in names]
    return {
        "missing": shares.assign(row=shares["feeder"].map(names.index)),
        "totals": DataFrame(totals, columns=["name", "missing", "expected"]),
        "grid": DayGrid(system.first_day, system.days, wide),
        "feeder_count": len(system.feeders),
        "missing_elsewhere": sum(lacks.values()) - sum(lacks[name] for name in most),
        "zone": system.timezone,
        "dates": system.dates,
    }


@styled
def draw(
    missing: DataFrame,
    totals: DataFrame,
    grid: DayGrid,
    *,
    feeder_count: int,
    missing_elsewhere: int,
    zone: str,
    dates: Dates = ISO,
) -> Figure:
    """Draw a row per feeder and a column per day, colour = share of expected intervals missing.

    `missing`: `row` (0 = the first of `totals`), `place`, `share` from 0 to 1. `totals`, in the
    order of rows: `name`, `missing`, `expected` (intervals in all). The first row is the total,
    unknown where a feeder is missing. Feeders left out lack `missing_elsewhere` intervals.
    """
    height = len(totals) * ROW
    figure = figure_of(
        TOP + height + BOTTOM, f"Missing intervals of each day, {grid.in_words(dates)}"
    )
    steps = [({"facecolor": MISSING(s)}, f"{100 * s:.0f} % missing") for s in (0.25, 0.5, 1.0)]
    few = {"facecolor": MISSING(2 * LEAST)}, "a few missing"
    figure_key(figure, [({"facecolor": COMPLETE}, "all there"), few, *steps, HATCHED])
    note = grid.width_in_words
    if len(totals) - 1 < feeder_count:
        rest = counted(missing_elsewhere, "interval") if missing_elsewhere else "none"
        order = f"the most missing; the others lack {rest}"
        note = "; ".join(filter(None, [in_order(len(totals) - 1, feeder_count, order), note]))
    heading(figure, TOP - 0.25, "Total and feeders", note)
    ax = axes_at(figure, LEFT + 1.0, TOP, RIGHT - LEFT - 2.3, height)
    values = np.full((len(totals), grid.columns), np.nan)
    values[missing["row"], missing["place"]] = missing["share"]
    rows = np.arange(len(totals) + 1)
    draw_cells(ax, grid, rows, values, cmap=MISSING, norm=Normalize(LEAST, 1))
    ax.set_ylim(len(totals), 0)
    ax.hlines(rows[2:-1], *grid.span, color="white", linewidth=1)
    ax.hlines(1, *grid.span, color="white", linewidth=4)  # sets the total apart
    _label_rows(ax, totals)
    day_axis(ax, grid, zone, dates=dates)
    return figure


def _label_rows(ax: Axes, totals: DataFrame) -> None:
    """Write names on the left, share and count of what is missing on the right."""
    middles = np.arange(len(totals)) + 0.5
    ax.set_yticks(middles, [shortened(name, 24) for name in totals["name"]])
    counts = ax.secondary_yaxis("right")
    counts.set_yticks(middles, map(_missing_in_words, totals["missing"], totals["expected"]))
    for axis in (ax, counts):
        axis.tick_params(axis="y", labelsize=LABEL_PT, length=0)
        axis.get_yticklabels()[0].set_weight("bold")


def _missing_in_words(missing: int, expected: int) -> str:
    """`1.04 % (31)`."""
    if not expected:
        return "nothing expected"
    return f"{100 * missing / expected:.2f} % ({int(missing):,})" if missing else "complete"
