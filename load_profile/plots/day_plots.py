"""Draw pictures of days side by side: heat map and gap calendar. Data frames in, `Figure` out.

A frame of cells has one row per cell in which something is expected: `place` (column of the grid,
from 0), for a heat map `slot` (row of the grid, from 0 = midnight) and `mw`, NaN = a gap. Where
there is no row nothing is expected: an hour that the clock leaves out, a day before a meter was
put in. That is hatched, a gap is pink, and neither has a colour that a value could have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil
from typing import NamedTuple

import matplotlib.dates as mdates
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, LinearSegmentedColormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from load_profile.plots.picture_parts import (
    BY_POWER,
    DPI,
    LABEL_PT,
    LEFT,
    NO_READINGS,
    NO_TOTAL,
    RIGHT,
    ROUND,
    STYLE,
    TICK_PAD_PT,
    WIDTH,
    Span,
    axes_at,
    counted,
    draw_title,
    figure_key,
    heading,
    in_order,
    in_points,
    name_panel,
    places_in_rows,
    say_unknown,
    shortened,
    time_axis,
    upright_grid,
)
from load_profile.plots.theme import DARK, GAP_EDGE, RED

LOAD = sns.color_palette("YlGnBu", as_cmap=True)  # nothing below 0: darker = more
FEED_IN = sns.color_palette("YlOrBr_r", as_cmap=True)  # nothing above 0: darker = more fed in
BOTH = sns.diverging_palette(40, 250, s=95, l=32, sep=1, as_cmap=True)  # white = 0
GAP = ListedColormap([GAP_EDGE])
NOT_EXPECTED = {"facecolor": "white", "edgecolor": "#cccccc", "hatch": "/////", "linewidth": 0}
COMPLETE = "#e9eef0"
MISSING = LinearSegmentedColormap.from_list(
    "missing", [GAP_EDGE, "#8f3a80", "#3d0f36"]
).with_extremes(under=COMPLETE)
HATCHED = Patch(**NOT_EXPECTED), "nothing expected"
GAP_MEANS = "gap: no reading; of the total, a feeder is missing"
OUTSIDE = ListedColormap([RED])
OUTSIDE_MEANS = "left out of peaks"
LEAST = 1e-9  # a share of missing intervals below this is none
TOP, BOTTOM = 1.08, 0.6  # room for title and legend, for the labels of time (inches)
ROW = 0.17  # height of a feeder in the gap calendar (inches)
FEW_DAYS = 14  # up to so many columns of a day each has its own label
POWER = {"signed": "Net power", "gross": "Gross power (older 'net')"}


class DayGrid(NamedTuple):
    """Columns of one or more whole days from `first_day`, and rows that divide the day."""

    first_day: date
    days: int
    days_per_column: int = 1
    slots: int = 96

    @property
    def columns(self) -> int:
        return ceil(self.days / self.days_per_column)

    @property
    def per_column(self) -> str:
        """Says so where a column is more than a day."""
        few = self.days_per_column == 1
        return "" if few else f"one column = {self.days_per_column} days"

    @property
    def span(self) -> Span:
        start = float(mdates.date2num(self.first_day))
        return Span(start, start + self.columns * self.days_per_column)

    def values(self, cells: DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """MW (slots, columns), NaN where none is known, and the mask of what is a gap."""
        values = np.full((self.slots, self.columns), np.nan)
        is_expected = np.zeros(values.shape, dtype=bool)
        place = cells["slot"].to_numpy(dtype=int), cells["place"].to_numpy(dtype=int)
        values[place] = cells["mw"].to_numpy(dtype=float, na_value=np.nan)
        is_expected[place] = True
        return values, is_expected & np.isnan(values)


def heat_map(
    total: tuple[DataFrame, tuple],
    feeders: list[tuple[str, DataFrame]],
    grid: tuple,
    *,
    feeder_count: int,
    zone: str,
    net_convention: str = "signed",
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Day across, local time of day upwards from midnight, colour = MW: the total, then feeders.

    A cell that holds several intervals (several days or quarter hours, or both passes of the hour
    that is repeated when the clock goes back) shows the one furthest from 0: peaks of load and of
    feed-in stay in the picture. It is a gap if all of it is missing; the gap calendar shows the
    rest. Every panel has its own colours; below and above 0 they diverge. The grids are DayGrids.

    `limits`: lowest and highest plausible MW by feeder or `total`, where values lie outside.
    They have one colour of their own, so that all others can be told apart.
    """
    (cells_of_total, grid_of_total), grid = total, DayGrid(*grid)
    grid_of_total = DayGrid(*grid_of_total)
    height = 3.6
    rows = ceil(len(feeders) / 3)
    top = TOP + height + 1.2
    with STYLE:
        figure = Figure(figsize=(WIDTH, top + rows * 1.75 - 0.2), dpi=DPI)
        what = POWER[net_convention]
        draw_title(figure, f"{what} by day and time of day (MW), {_in_words(grid_of_total)}")
        key = [(Patch(facecolor=GAP_EDGE), GAP_MEANS), HATCHED]
        limits = limits or {}
        figure_key(figure, [*key, *[(Patch(facecolor=RED), OUTSIDE_MEANS)][: len(limits)]])
        heading(figure, TOP - 0.28, "Total", grid_of_total.per_column)
        ax = axes_at(figure, LEFT, TOP, RIGHT - LEFT - 0.75, height)
        look = {"hours": range(0, 25, 3), "size": 10, "bar": 0.18, "unknown": NO_TOTAL}
        _draw_heat(ax, cells_of_total, grid_of_total, limits=limits.get("total"), **look)
        _day_axis(ax, grid_of_total, zone)
        note = in_order(len(feeders), feeder_count, BY_POWER)
        heading(figure, top - 0.42, "Feeders", note)
        places = places_in_rows(len(feeders), 3, top=top, height=1.2, between=(0.55, 0.55))
        for (name, cells), place in zip(feeders, places, strict=True):
            left, upper, wide, high = place
            ax = axes_at(figure, left, upper, wide - 0.35, high)
            name_panel(ax, shortened(name, 40))
            look = {"hours": (0, 6, 12, 18, 24), "size": LABEL_PT, "bar": 0.09}
            _draw_heat(ax, cells, grid, limits=limits.get(name), **look)
            _day_axis(ax, grid, None, size=LABEL_PT)
    return figure


def gap_calendar(
    missing: DataFrame,
    totals: DataFrame,
    grid: tuple,
    *,
    feeder_count: int,
    missing_elsewhere: int,
    zone: str,
) -> Figure:
    """A row per feeder and a column per day, colour = share of its expected intervals missing.

    `missing`: `row` (0 = the first of `totals`), `place`, `share` from 0 to 1. `totals`, in the
    order of rows: `name`, `missing`, `expected` (intervals in all). The first row is the total,
    unknown where a feeder is missing. What is left out lacks `missing_elsewhere` intervals. The
    grid is a DayGrid.
    """
    grid = DayGrid(*grid)
    height = len(totals) * ROW
    with STYLE:
        figure = Figure(figsize=(WIDTH, TOP + height + BOTTOM), dpi=DPI)
        draw_title(figure, f"Missing intervals of each day, {_in_words(grid)}")
        shares = (0.25, 0.5, 1.0)
        steps = [(Patch(facecolor=MISSING(s)), f"{100 * s:.0f} % missing") for s in shares]
        few = Patch(facecolor=MISSING(2 * LEAST)), "a few missing"
        all_there = Patch(facecolor=COMPLETE), "all there"
        figure_key(figure, [all_there, few, *steps, HATCHED])
        rest = counted(missing_elsewhere, "interval") if missing_elsewhere else "none"
        is_cut = len(totals) - 1 < feeder_count
        order = f"the most missing; the others lack {rest}"
        note = in_order(len(totals) - 1, feeder_count, order) if is_cut else ""
        note = "; ".join(filter(None, [note, grid.per_column]))
        heading(figure, TOP - 0.25, "Total and feeders", note)
        ax = axes_at(figure, LEFT + 1.0, TOP, RIGHT - LEFT - 2.3, height)
        values = np.full((len(totals), grid.columns), np.nan)
        values[missing["row"], missing["place"]] = missing["share"]
        _draw_shares(ax, values, grid)
        _label_rows(ax, totals)
        _day_axis(ax, grid, zone)
    return figure


def _draw_heat(
    ax: Axes,
    cells: DataFrame,
    grid: DayGrid,
    *,
    hours: Sequence[int],
    size: float,
    bar: float,
    unknown: str = NO_READINGS,
    limits: tuple[float, float] | None = None,
) -> None:
    """Values and gaps of one panel, the hours on its left, the colours on its right."""
    values, is_gap = grid.values(cells)
    ax.patch.set(**NOT_EXPECTED)
    span = grid.span
    is_outside = (values < limits[0]) | (values > limits[1]) if limits else np.zeros_like(is_gap)
    colours, norm = _colours(np.where(is_outside, np.nan, values))
    look = {
        "extent": (span.start, span.end, 0, 24),
        "origin": "lower",
        "aspect": "auto",
        "interpolation": "nearest",
    }
    ax.imshow(values, cmap=colours, norm=norm, **look)
    ax.imshow(np.where(is_gap, 1.0, np.nan), cmap=GAP, **look)
    if is_outside.any():
        ax.imshow(np.where(is_outside, 1.0, np.nan), cmap=OUTSIDE, **look)
    ax.set(xlim=(span.start, span.end), ylim=(0, 24), xticks=[], yticks=[])
    left = ax.get_yaxis_transform() + in_points(ax, -TICK_PAD_PT, 0)
    for hour in hours:
        at = {"ha": "right", "va": "center_baseline", "fontsize": size, "transform": left}
        ax.text(0, hour, f"{hour:02d}:00", color=DARK, gid="grid", **at)
    if np.isfinite(values).any():
        _colour_bar(ax, colours, norm, size=size, width=bar)
    else:
        say_unknown(ax, unknown, size=size + 2)


def _colours(values: np.ndarray) -> tuple[Colormap, Normalize]:
    """Diverging around 0 if there are values on both sides, else from the lowest to the highest."""
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    if low < 0 < high:
        furthest = max(-low, high)
        return BOTH, Normalize(-furthest, furthest)
    colours = FEED_IN if low < 0 else LOAD
    return colours, Normalize(low, high if high > low else low + 1e-6)


def _colour_bar(ax: Axes, colours: Colormap, norm: Normalize, *, size: float, width: float) -> None:
    """Colours and what they mean (MW), to the right of the axes."""
    figure = ax.figure
    box = ax.get_position()
    wide, gap = width / WIDTH, 0.1 / WIDTH
    bar = figure.add_axes((box.x1 + gap, box.y0, wide, box.height), xticks=[], yticks=[])
    ramp = np.linspace(0, 1, 256)[:, None]
    bar.imshow(ramp, cmap=colours, extent=(0, 1, norm.vmin, norm.vmax), origin="lower")
    bar.set(aspect="auto", ylim=(norm.vmin, norm.vmax), xticks=[], yticks=[])
    bar.set_gid("colours")
    values = MaxNLocator(8 if size > LABEL_PT else 3, steps=ROUND).tick_values(norm.vmin, norm.vmax)
    right = bar.get_yaxis_transform() + in_points(bar, 4, 0)
    for value in values[(values >= norm.vmin) & (values <= norm.vmax)]:
        look = {"va": "center_baseline", "fontsize": size, "transform": right, "gid": "grid"}
        bar.text(1, value, f"{value:g}", color=DARK, **look)


def _draw_shares(ax: Axes, values: np.ndarray, grid: DayGrid) -> None:
    """The calendar, its rows and the total set apart by white lines."""
    ax.patch.set(**NOT_EXPECTED)
    rows, span = len(values), grid.span
    ax.imshow(
        values,
        cmap=MISSING,
        norm=Normalize(LEAST, 1),
        extent=(span.start, span.end, rows, 0),
        aspect="auto",
        interpolation="nearest",
    )
    ax.set(xlim=(span.start, span.end), ylim=(rows, 0), xticks=[], yticks=[])
    between = [[(0, y), (1, y)] for y in range(1, rows)]
    widths = [4.0] + [1.0] * (rows - 2)
    lines = LineCollection(
        between, transform=ax.get_yaxis_transform(), color="white", linewidth=widths
    )
    ax.add_collection(lines, autolim=False)


def _label_rows(ax: Axes, totals: DataFrame) -> None:
    """Name on the left, share and count of what is missing on the right."""
    level = ax.get_yaxis_transform()
    look = {"va": "center", "fontsize": LABEL_PT, "parse_math": False, "color": DARK}
    for row, (name, missing, expected) in enumerate(
        zip(totals["name"], totals["missing"], totals["expected"], strict=True)
    ):
        bold = "bold" if row == 0 else "normal"
        left, right = level + in_points(ax, -6, 0), level + in_points(ax, 6, 0)
        ax.text(0, row + 0.5, shortened(name, 24), ha="right", weight=bold, transform=left, **look)
        share = f"{100 * missing / expected:.2f} %" if expected else "nothing expected"
        text = f"{share} ({int(missing):,})" if missing else "complete" * bool(expected) or share
        ax.text(1, row + 0.5, text, weight=bold, transform=right, **look)


def _day_axis(ax: Axes, grid: DayGrid, zone: str | None, *, size: float = 10) -> None:
    """Labels of days: each in its middle if they are few, else as on any time axis."""
    span = grid.span
    if grid.days > FEW_DAYS:
        time_axis([ax], span, zone, size=size)
        return
    step = 1 if size > LABEL_PT else ceil(grid.days / 5)
    starts = np.arange(span.start, span.end, step)
    labels = [f"{mdates.num2date(day):%m/%d/%y}" for day in starts]
    upright_grid([ax], starts + 0.5, labels, size, has_lines=False)
    if zone:
        ax.set_xlabel(f"Day ({zone})", labelpad=size + 2 * TICK_PAD_PT)


def _in_words(grid: DayGrid) -> str:
    start = grid.span.start
    first, last = (mdates.num2date(day) for day in (start, start + grid.days - 1))
    return " - ".join(dict.fromkeys(f"{day:%m/%d/%y}" for day in (first, last)))
