"""Median and 10 to 90 % band of net power by time of day, season and day type: `typical-day.png`.

A frame has `season`, `day_type`, `minute` (start of a slot, local), `low`, `median`, `high` (MW),
and `days` (count).
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
from matplotlib.patches import Patch
from pandas import DataFrame

from ingest.words import counted
from load_profile.plots.axes import (
    TICK_PT,
    figure_key,
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
from load_profile.plots.interval_rows import FEEDER_INTERVALS, TOTAL_INTERVALS, query_intervals
from load_profile.plots.system import System, query, rows_by_feeder
from load_profile.plots.theme import (
    BY_POWER,
    COLOURS,
    LABEL_PT,
    NET,
    NO_TOTAL,
    TEXT_PT,
    in_order,
    part_of,
    shortened,
)
from load_profile.shown import Unit

if TYPE_CHECKING:
    import duckdb

MOST_SEASONS = 6
DAY_TYPES = ["weekday", "weekend", "holiday"]
LEAST_SLOT = 10  # minutes
BAND = 0.28  # opacity, so that bands of seasons show through each other
TOP, HEIGHT = 1.3, 2.1  # of the total's panels (inches)
COLUMNS = 4  # of feeders' panels


def read(con: duckdb.DuckDBPyConnection, system: System) -> dict[str, object]:
    """Return the total's typical days, and the largest feeders' of the commonest day type."""
    days = query(con, "typical_day_seasons", system).fetchall()
    day_types = [day_type for *_, day_type in days]
    commonest = max(sorted(set(day_types)), key=day_types.count)
    slot = {"slot_minutes": system.slot_minutes(LEAST_SLOT)}
    total = query_intervals(
        con, TOTAL_INTERVALS, "typical_day_slots", system, day_type=None, **slot
    )
    feeders = query_intervals(
        con, FEEDER_INTERVALS, "typical_day_slots", system, day_type=commonest, **slot
    )
    slots_of = rows_by_feeder(feeders)
    return {
        "total": total,
        "feeders": [(name, slots_of(name)) for name in system.largest],
        "seasons": list(dict.fromkeys(season for _, season, _ in days)),
        "feeder_day_type": commonest,
        "zone": system.timezone,
        **slot,
        **system.look,
    }


@styled
def draw(
    total: DataFrame,
    feeders: list[tuple[str, DataFrame]],
    *,
    seasons: list[str],
    feeder_day_type: str,
    slot_minutes: int,
    feeder_count: int,
    zone: str,
    net_convention: str = "signed",
) -> Figure:
    """Draw a panel of the total for each season and day type, all on one scale, then the feeders.

    Feeders show one day type, each season in its colour.
    """
    shown = seasons[:MOST_SEASONS]
    colours = dict(zip(shown, COLOURS, strict=False))
    day_types = [day_type for day_type in DAY_TYPES if day_type in set(total["day_type"])]
    small = TOP + (len(shown) if day_types else 1) * (HEIGHT + 0.6) + 0.75
    height = small + ceil(len(feeders) / COLUMNS) * 1.77 - 0.25
    figure = figure_of(height, "Typical days by season and type of day")
    _explain(figure, colours)
    heading(figure, 0.88, "Total", part_of(len(shown), len(seasons), "season", "the first"))
    drawn = [total, *(days for _, days in feeders)]
    unit = unit_of(*(numbers(days, end) for days in drawn for end in ("low", "high")))
    axes = _draw_total(figure, total, colours, day_types, slot_minutes, unit)
    for ax in axes[:: max(len(day_types), 1)]:
        label_values(ax, f"{NET[net_convention]} ({unit.power})", left=0.62)
    axes[-1].set_xlabel(f"Time of day ({zone})")
    note = in_order(len(feeders), feeder_count, BY_POWER)
    heading(figure, small - 0.45, f"Feeders on {feeder_day_type}s ({unit.power})", note)
    place = {"top": small, "height": 1.15, "between": (0.55, 0.62)}
    look = {"unit": unit, "ticks": 4, "size": LABEL_PT}
    axes = panels(figure, len(feeders), COLUMNS, **place)
    for ax, (name, days) in zip(axes, feeders, strict=True):
        name_panel(ax, shortened(name, 34))
        _draw_days(ax, days, colours, slot_minutes, limits=days, **look)
    sns.despine(fig=figure)
    return figure


def _draw_total(
    figure: Figure,
    total: DataFrame,
    colours: Mapping[str, str],
    day_types: Sequence[str],
    slot_minutes: int,
    unit: Unit,
) -> list[Axes]:
    """Draw a panel for each season and day type, all on one scale; return the axes."""
    kinds = [(season, day_type) for season in colours for day_type in day_types]
    place = {"top": TOP, "height": HEIGHT, "between": (0.4, 0.6)}
    axes = panels(figure, max(len(kinds), 1), max(len(day_types), 1), **place)
    if not kinds:
        show_unknown(axes[0], NO_TOTAL)
    for ax, (season, day_type) in zip(axes, kinds, strict=False):
        days = total[(total["season"] == season) & (total["day_type"] == day_type)]
        name_panel(ax, f"{season}, {day_type}", _days_in_words(days), size=TICK_PT)
        one = {season: colours[season]}
        _draw_days(ax, days, one, slot_minutes, limits=total, unit=unit)
    return axes


def _draw_days(
    ax: Axes,
    days: DataFrame,
    colours: Mapping[str, str],
    slot_minutes: int,
    *,
    limits: DataFrame,
    unit: Unit,
    ticks: int = 5,
    size: float = TEXT_PT,
) -> None:
    """Draw band and median of each season in steps, since a reading is an average."""
    if not np.isfinite(numbers(days, "median")).any():
        show_unknown(ax, size=size)
        return
    ends = (numbers(limits, end) for end in ("low", "high"))
    power_axis(ax, *ends, unit=unit, ticks=ticks, size=size)
    starts = np.arange(0, 1440, slot_minutes)
    x = np.column_stack([starts, np.minimum(starts + slot_minutes, 1440)]).ravel()
    for season, colour in colours.items():
        day = days[days["season"] == season].set_index("minute").reindex(starts)
        low, median, high = (np.repeat(numbers(day, c), 2) for c in ("low", "median", "high"))
        ax.fill_between(x, low, high, color=colour, alpha=BAND, linewidth=0)
        ax.plot(x, median, color=colour, linewidth=0.17 * size, gid=season)
    ax.set_xlim(0, 1440)
    ax.set_xticks(range(0, 1440, 360), [f"{hour:02d}:00" for hour in range(0, 24, 6)])


def _explain(figure: Figure, colours: Mapping[str, str]) -> None:
    """Explain the seasons' colours, line and band under the title."""
    seasons = [
        ((Patch(facecolor=colour, alpha=BAND), Line2D([], [], color=colour)), season)
        for season, colour in colours.items()
    ]
    words = Line2D([], [], linestyle="none"), "line: median, band: 10 to 90 % of the days"
    figure_key(figure, [*seasons, words])


def _days_in_words(days: DataFrame) -> str:
    """`62 days`, by the slot that has most."""
    return counted(int(days["days"].max()), "day") if len(days) else ""
