"""Grids of days side by side: heat map and gap calendar. Knows places and axes, no tables.

In a grid nothing is expected where there is no row: an hour that the clock leaves out, a day before
a meter was installed. That is hatched, a gap is pink, and neither has the colour of a value.
"""

from __future__ import annotations

from datetime import date
from math import ceil
from typing import NamedTuple

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh

from load_profile.plots.axes import TICK_PT, Span, time_axis
from load_profile.plots.theme import LABEL_PT
from load_profile.shown import ISO, Dates

NOT_EXPECTED = {"facecolor": "white", "edgecolor": "#cccccc", "hatch": "/////", "linewidth": 0}
HATCHED = NOT_EXPECTED, "nothing expected"
FEW_DAYS = 14  # up to so many columns of a day each has its own label


class DayGrid(NamedTuple):
    """Columns of one or more whole days from `first_day`; `slots` are rows that divide a day."""

    first_day: date
    days: int
    days_per_column: int = 1
    slots: int = 96

    @property
    def columns(self) -> int:
        return ceil(self.days / self.days_per_column)

    @property
    def width_in_words(self) -> str:
        """`one column = 2 days`, empty where it is a day."""
        wide = self.days_per_column
        return f"one column = {wide} days" if wide > 1 else ""

    @property
    def span(self) -> Span:
        start = float(mdates.date2num(self.first_day))
        return Span(start, start + self.columns * self.days_per_column)

    def in_words(self, dates: Dates) -> str:
        start = self.span.start
        first, last = (mdates.num2date(day) for day in (start, start + self.days - 1))
        return " - ".join(dict.fromkeys(dates.day(day) for day in (first, last)))


def draw_cells(
    ax: Axes, grid: DayGrid, rows: np.ndarray, values: np.ndarray, **colours: object
) -> QuadMesh:
    """Colour the known values (rows, columns) between the edges of rows; leave others as is."""
    edges = np.linspace(*grid.span, grid.columns + 1)
    ax.patch.set(**NOT_EXPECTED)
    ax.grid(False)
    return ax.pcolormesh(edges, rows, np.ma.masked_invalid(values), **colours)


def day_axis(
    ax: Axes,
    grid: DayGrid,
    zone: str | None,
    *,
    size: float = TICK_PT,
    dates: Dates = ISO,
) -> None:
    """Label days: each in its middle if they are few, else as on any time axis."""
    time_axis(ax, grid.span, zone, size=size, dates=dates)
    if grid.days <= FEW_DAYS:
        step = 1 if size > LABEL_PT else ceil(grid.days / 5)
        starts = np.arange(*grid.span, step)
        ax.set_xticks(starts + 0.5, [dates.day(mdates.num2date(day)) for day in starts])
        if zone:
            ax.set_xlabel(f"Day ({zone})")
