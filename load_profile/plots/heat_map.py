"""Net power by day and time of day, of the total and the largest feeders: `heat-map.png`.

A frame of cells has one row per cell in which something is expected: `place` (column of the grid,
from 0), `slot` (row, from 0 = midnight) and `mw`, NaN in a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from load_profile.plots.axes import (
    TICK_PT,
    axes_at,
    figure_key,
    figure_of,
    heading,
    in_unit,
    name_panel,
    numbers,
    panels,
    styled,
    unit_of,
    write_centred,
)
from load_profile.plots.day_grid import HATCHED, DayGrid, day_axis, draw_cells
from load_profile.plots.interval_rows import FEEDER_INTERVALS, TOTAL_INTERVALS, query_intervals
from load_profile.plots.system import TOTAL, System, query, rows_by_feeder
from load_profile.plots.theme import (
    BY_POWER,
    GAP_EDGE,
    LABEL_PT,
    LEFT,
    NO_READINGS,
    NO_TOTAL,
    RED,
    RIGHT,
    in_order,
    shortened,
)
from load_profile.shown import ISO, Dates, Unit

if TYPE_CHECKING:
    import duckdb

LOAD = sns.color_palette("YlGnBu", as_cmap=True)  # nothing below 0: darker = more
FEED_IN = sns.color_palette("YlOrBr_r", as_cmap=True)  # nothing above 0: darker = more fed in
BOTH = sns.diverging_palette(40, 250, s=95, l=32, sep=1, as_cmap=True)  # white = 0
GAP = {"facecolor": GAP_EDGE}, "gap: no reading; of the total, a feeder is missing"
OUTSIDE = {"facecolor": RED}, "left out of peaks"
TITLES = {"signed": "Net power", "gross": "Gross power (older 'net')"}
# pixels that there are for days, and the shortest slots of a day (minutes), at least 3 pixels each
LARGE_DAYS, SMALL_DAYS = 1190, 390
LARGE_SLOT, SMALL_SLOT = 10, 30
HEIGHT, SMALL_HEIGHT, COLUMNS = 3.6, 1.2, 3  # of panels, in inches

Cells = tuple[DataFrame, DayGrid]


def read(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, object]:
    """Return the cells of the total and the largest feeders, and what is plausible."""
    total, total_grid = _cells(con, system, TOTAL_INTERVALS, LARGE_SLOT, LARGE_DAYS)
    feeders, grid = _cells(con, system, FEEDER_INTERVALS, SMALL_SLOT, SMALL_DAYS)
    cells_of = rows_by_feeder(feeders)
    limits = query(con, "heat_map_limits", system).fetchall()
    return {
        "total": (total, total_grid),
        "feeders": [(name, cells_of(name)) for name in system.largest],
        "grid": grid,
        "zone": system.timezone,
        "dates": system.dates,
        "limits": {name: (low, high) for name, low, high in limits},
        **system.look,
    }


def _cells(
    con: duckdb.DuckDBPyConnection, system: System, intervals: str, least_slot: int, pixels: int
) -> Cells:
    slot, wide = system.slot_minutes(least_slot), system.days_per_column(pixels)
    values = {"slot_minutes": slot, "days_per_column": wide}
    cells = query_intervals(con, intervals, "heat_map_cells", system, **values)
    return cells, DayGrid(system.first_day, system.days, wide, ceil(1440 / slot))


@styled
def draw(
    total: Cells,
    feeders: list[tuple[str, DataFrame]],
    grid: DayGrid,
    *,
    feeder_count: int,
    zone: str,
    net_convention: str = "signed",
    dates: Dates = ISO,
    limits: Mapping[str, tuple[float, float]] | None = None,
) -> Figure:
    """Draw local time of day upwards from midnight over days, colour = MW: the total, feeders.

    A cell that holds several intervals (several days or quarter hours, or both passes of the hour
    that is repeated when the clock goes back) shows the one furthest from 0: peaks of load and of
    feed-in stay in the plot. It is a gap if all of it is missing; the gap calendar shows the rest.
    Every panel has its own colours; below and above 0 they diverge.

    `limits`: lowest and highest plausible MW by feeder or total, where values are outside. These
    have one colour of their own, so that all others can be told apart.
    """
    cells, total_grid = total
    limits = limits or {}
    drawn = [(TOTAL, cells), *feeders]
    unit = unit_of(*(_plausible(numbers(of, "mw"), limits.get(name)) for name, of in drawn))
    top, rows = 1.08, ceil(len(feeders) / COLUMNS)
    small = top + HEIGHT + 1.2
    title = f"{TITLES[net_convention]} by day and time of day ({unit.power}), "
    title += total_grid.in_words(dates)
    figure = figure_of(small + rows * 1.75 - 0.2, title)
    figure_key(figure, [GAP, HATCHED, *[OUTSIDE][: len(limits)]])
    heading(figure, top - 0.28, "Total", total_grid.width_in_words)
    ax = axes_at(figure, LEFT, top, RIGHT - LEFT - 0.75, HEIGHT)
    _draw_panel(ax, cells, total_grid, unit, hours=3, unknown=NO_TOTAL, limits=limits.get(TOTAL))
    day_axis(ax, total_grid, zone, dates=dates)
    heading(figure, small - 0.42, "Feeders", in_order(len(feeders), feeder_count, BY_POWER))
    place = {"top": small, "height": SMALL_HEIGHT, "between": (0.9, 0.55), "right": RIGHT - 0.35}
    axes = panels(figure, len(feeders), COLUMNS, **place)
    for ax, (name, cells) in zip(axes, feeders, strict=True):
        name_panel(ax, shortened(name, 40))
        _draw_panel(ax, cells, grid, unit, hours=6, size=LABEL_PT, limits=limits.get(name))
        day_axis(ax, grid, None, size=LABEL_PT, dates=dates)
    return figure


def _draw_panel(
    ax: Axes,
    cells: DataFrame,
    grid: DayGrid,
    unit: Unit,
    *,
    hours: int,
    size: float = TICK_PT,
    unknown: str = NO_READINGS,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw values and gaps, the hours on the left, the colours on the right."""
    values, is_gap = _values(cells, grid)
    plausible = _plausible(values, limits)
    is_outside = np.isnan(plausible) & ~np.isnan(values)
    colours, norm = _colours(plausible)
    hours_of_rows = np.linspace(0, 24, len(values) + 1)
    mesh = draw_cells(ax, grid, hours_of_rows, plausible, cmap=colours, norm=norm)
    for mask, colour in ((is_gap, GAP_EDGE), (is_outside, RED)):
        if mask.any():
            shown = np.where(mask, 1.0, np.nan)
            draw_cells(ax, grid, hours_of_rows, shown, cmap=ListedColormap([colour]))
    ax.set_yticks(range(0, 25, hours), [f"{hour:02d}:00" for hour in range(0, 25, hours)])
    ax.tick_params(labelsize=size)
    if np.isfinite(values).any():
        _add_colour_bar(ax, mesh, size, unit)
    else:
        write_centred(ax, unknown, size=size + 2)


def _values(cells: DataFrame, grid: DayGrid) -> tuple[np.ndarray, np.ndarray]:
    """Return MW (slots, columns), NaN where none is known, and the mask of what is a gap."""
    values = np.full((grid.slots, grid.columns), np.nan)
    is_expected = np.zeros(values.shape, dtype=bool)
    place = cells["slot"].to_numpy(dtype=int), cells["place"].to_numpy(dtype=int)
    values[place] = numbers(cells, "mw")
    is_expected[place] = True
    return values, is_expected & np.isnan(values)


def _plausible(values: np.ndarray, limits: tuple[float, float] | None) -> np.ndarray:
    """Return values (MW) with NaN for those outside the limits."""
    low, high = limits or (-np.inf, np.inf)
    return np.where((values < low) | (values > high), np.nan, values)


def _colours(values: np.ndarray) -> tuple[Colormap, Normalize]:
    """Diverge around 0 if there are values on both sides, else go from lowest to highest."""
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
    if low < 0 < high:
        furthest = max(-low, high)
        return BOTH, Normalize(-furthest, furthest)
    colours = FEED_IN if low < 0 else LOAD
    return colours, Normalize(low, high if high > low else low + 1e-6)


def _add_colour_bar(ax: Axes, mesh: object, size: float, unit: Unit) -> None:
    """Add the colours and what they mean to the right of the axes."""
    inches = ax.figure.get_figwidth() * ax.get_position().width
    beside = ax.inset_axes((1 + 0.1 / inches, 0, (0.18 if size > LABEL_PT else 0.09) / inches, 1))
    ticks = MaxNLocator(8 if size > LABEL_PT else 3, steps=[1, 2, 2.5, 4, 5, 10])
    bar = ax.figure.colorbar(mesh, cax=beside, ticks=ticks, format=in_unit(unit))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=size, length=0)
