"""Draw load-duration curves and typical days. Data frames in, `Figure` out, as in `plots`.

Figures are those of the tables: nothing is added up, averaged or interpolated here. Lines between
the points of a curve are there to lead the eye.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pandas import DataFrame

from load_profile.plots.picture_parts import (
    BY_POWER,
    DPI,
    LABEL_PT,
    LEFT,
    NO_READINGS,
    NO_TOTAL,
    RIGHT,
    STYLE,
    TICK_PAD_PT,
    WIDTH,
    axes_at,
    counted,
    draw_title,
    figure_key,
    heading,
    in_digits,
    in_order,
    label_values,
    mw_of,
    name_panel,
    part_of,
    places_in_rows,
    power_limits,
    say_unknown,
    shortened,
    upright_grid,
    value_grid,
)
from load_profile.plots.theme import COLOURS, DARK, NET_LABELS

MOST_YEARS, MOST_COLUMNS, MOST_SEASONS = 6, 4, 6
DAY_TYPES = ["weekday", "weekend", "holiday"]
PERCENT = range(0, 101, 20)
HOURS = {60 * hour: f"{hour:02d}:00" for hour in range(0, 24, 6)}
BAND = 0.28  # opacity, so that bands of seasons show through each other
SMALL = {"height": 1.15, "between": (0.55, 0.62)}


def load_duration(
    total: DataFrame,
    feeders: list[tuple[str, DataFrame]],
    *,
    feeder_count: int,
    net_convention: str = "signed",
) -> Figure:
    """Net MW that is reached or exceeded in a share of the known time, one curve a year.

    A frame has the points of load_duration: `year`, `share_of`, `share`, `mw`, `hours`.
    """
    all_years = sorted({*total["year"], *(year for _, f in feeders for year in f["year"])})
    years = all_years[-MOST_YEARS:]
    colours = dict(zip(reversed(years), COLOURS, strict=False))
    height, top = 3.7, 0.85
    small = top + height + 1.25
    rows = ceil(len(feeders) / 4)
    with STYLE:
        figure = Figure(figsize=(WIDTH, small + rows * 1.77 - 0.25), dpi=DPI)
        draw_title(figure, "Load-duration curves")
        heading(figure, 0.55, "Total", part_of(years, all_years, "year"))
        ax = axes_at(figure, LEFT, top, 7.4, height)
        _draw_curves(ax, total, colours, size=10, unknown=NO_TOTAL)
        label_values(ax, NET_LABELS[net_convention])
        ax.yaxis.set_label_coords(-0.085, 0.5)
        ax.set_xlabel("Share of the known time (%)", labelpad=10 + 2 * TICK_PAD_PT)
        lines = [Line2D([], [], color=colour) for colour in colours.values()]
        ax.legend(lines, _known(total, colours), loc="upper right", framealpha=0.85, fontsize=9)
        _table_of_hours(axes_at(figure, 9.0, top, RIGHT - 9.0, height), total, years)
        note = in_order(len(feeders), feeder_count, BY_POWER)
        heading(figure, small - 0.45, "Feeders, MW over % of the time", note)
        places = places_in_rows(len(feeders), 4, top=small, **SMALL)
        for (name, points), place in zip(feeders, places, strict=True):
            ax = axes_at(figure, *place)
            name_panel(ax, shortened(name, 22), _peak_in_words(points, colours))
            _draw_curves(ax, points, colours, size=LABEL_PT)
        sns.despine(fig=figure)
    return figure


def typical_day(
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
    """Median and 10-90 % band of net MW by time of day: the total by season and day type.

    A frame has `season`, `day_type`, `minute` (start of a slot, local), `low`, `median`, `high`
    (MW), and `days` (count). Feeders show one day type, each season in its colour.
    """
    all_seasons, seasons = seasons, seasons[:MOST_SEASONS]
    colours = dict(zip(seasons, COLOURS, strict=False))
    kinds = [kind for kind in DAY_TYPES if kind in set(total["day_type"])]
    top, height = 1.3, 2.1
    panels = [(season, kind) for season in seasons for kind in kinds] if kinds else [None]
    small = top + ceil(len(panels) / max(len(kinds), 1)) * (height + 0.6) + 0.75
    rows = ceil(len(feeders) / 4)
    with STYLE:
        figure = Figure(figsize=(WIDTH, small + rows * 1.77 - 0.25), dpi=DPI)
        draw_title(figure, "Typical days by season and type of day")
        _season_key(figure, colours)
        heading(figure, 0.88, "Total", part_of(seasons, all_seasons, "season", "the first"))
        look = {"top": top, "height": height, "between": (0.4, 0.6)}
        places = places_in_rows(len(panels), max(len(kinds), 1), **look)
        for panel, place in zip(panels, places, strict=True):
            ax = axes_at(figure, *place)
            _draw_kind_of_day(ax, total, panel, colours, slot_minutes)
            if place[0] == LEFT:
                label_values(ax, NET_LABELS[net_convention])
                ax.yaxis.set_label_coords(-0.62 / place[2], 0.5)
        ax.set_xlabel(f"Time of day ({zone})", labelpad=9 + 2 * TICK_PAD_PT)
        note = in_order(len(feeders), feeder_count, BY_POWER)
        heading(figure, small - 0.45, f"Feeders on {feeder_day_type}s (MW)", note)
        places = places_in_rows(len(feeders), 4, top=small, **SMALL)
        for (name, shown), place in zip(feeders, places, strict=True):
            ax = axes_at(figure, *place)
            name_panel(ax, shortened(name, 34))
            _draw_days(ax, shown, colours, slot_minutes, limits=shown, size=LABEL_PT)
        sns.despine(fig=figure)
    return figure


def curve(points: DataFrame) -> tuple[np.ndarray, np.ndarray, float]:
    """Share of the known time (%), MW, and the known time (hours) of one year's points."""
    known = float(points["hours"][(points["share_of"] == "time") & (points["share"] == 1)].max())
    hours, mw = mw_of(points, "hours"), mw_of(points, "mw")
    order = np.lexsort([-mw, hours])
    return 100 * hours[order] / (known or 1.0), mw[order], known


def _draw_curves(
    ax: Axes, points: DataFrame, colours: dict, *, size: float, unknown: str = NO_READINGS
) -> None:
    """A curve a year, the last one on top and with its points."""
    ax.set_xlim(0, 100)
    by_year = dict(list(points.groupby("year")))
    drawn = [year for year in reversed(colours) if year in by_year]
    if not drawn:
        say_unknown(ax, unknown, size=size)
        return
    power_limits(ax, *[mw_of(points, "mw")] * 2)
    for year in drawn:
        share, mw, _ = curve(by_year[year])
        look = {"marker": ".", "markersize": 0.5 * size} if year == drawn[-1] else {}
        ax.plot(share, mw, color=colours[year], linewidth=0.15 * size, gid=str(year), **look)
    value_grid(ax, 8 if size > LABEL_PT else 4, size)
    upright_grid([ax], PERCENT, [str(share) for share in PERCENT], size)


def _known(total: DataFrame, colours: dict) -> list[str]:
    """`2024: 8,784 h known` for every year."""
    by_year = dict(list(total.groupby("year")))
    return [
        f"{year}: {curve(by_year[year])[2]:,.0f} h known" if year in by_year else f"{year}: unknown"
        for year in colours
    ]


def _table_of_hours(ax: Axes, total: DataFrame, years: Sequence[int]) -> None:
    """Hours at or above each share of a year's own peak, a column a year, the last year first."""
    ax.set(xlim=(0, 1), ylim=(10, 0))
    ax.set_axis_off()
    look = {"va": "center", "fontsize": 10, "color": DARK}
    cut = f", last {MOST_COLUMNS} years" if len(years) > MOST_COLUMNS else ""
    ax.text(0, 0.2, f"Hours at or above a share of the year's peak{cut}", weight="bold", **look)
    peaks = total[total["share_of"] == "peak"]
    if peaks.empty:
        ax.text(0, 1.4, "no peak above 0 MW" if len(total) else NO_TOTAL, **look)
        return
    shares = sorted(set(peaks["share"]), reverse=True)
    for row, share in enumerate(shares):
        ax.text(0, row + 2.3, f"{100 * share:.0f} % of the peak", **look)
    columns = list(reversed(years))[:MOST_COLUMNS]
    for place, year in enumerate(columns):
        right = {"x": 0.36 + (place + 1) * 0.64 / len(columns), "ha": "right"}
        points = peaks[peaks["year"] == year].set_index("share")
        ax.text(y=1.3, s=f"{year}", weight="bold", **right, **look)
        for row, share in enumerate(shares):
            if share in points.index:
                hours, mw = points["hours"][share], points["mw"][share]
                level = f" ({in_digits(mw)} MW)" if len(columns) <= 2 else ""
                ax.text(y=row + 2.3, s=f"{hours:,.2f}{level}", **right, **look)


def _peak_in_words(points: DataFrame, colours: dict) -> str:
    """Peak of the last year that is shown."""
    known = points[points["year"].isin(list(colours))]
    if known.empty:
        return ""
    last = known[known["year"] == known["year"].max()]
    return f"{last['year'].max()}: {in_digits(last['mw'].max())} MW"


def _draw_kind_of_day(
    ax: Axes, total: DataFrame, panel: tuple[str, str] | None, colours: dict, slot_minutes: int
) -> None:
    """A season and type of day of the total, on one scale for all; None: the total is unknown."""
    if panel is None:
        say_unknown(ax, NO_TOTAL)
        return
    season, kind = panel
    shown = total[(total["season"] == season) & (total["day_type"] == kind)]
    name_panel(ax, f"{season}, {kind}", _days_in_words(shown), size=10)
    _draw_days(ax, shown, {season: colours[season]}, slot_minutes, limits=total, size=9)


def _draw_days(
    ax: Axes, shown: DataFrame, colours: dict, slot_minutes: int, *, limits: DataFrame, size: float
) -> None:
    """Band and median of each season, in steps, since a reading is an average over its interval."""
    ax.set_xlim(0, 1440)
    if not np.isfinite(mw_of(shown, "median")).any():
        say_unknown(ax, size=size)
        return
    power_limits(ax, mw_of(limits, "low"), mw_of(limits, "high"))
    starts = np.arange(0, 1440, slot_minutes)
    x = np.column_stack([starts, np.minimum(starts + slot_minutes, 1440)]).ravel()
    for season, colour in colours.items():
        day = shown[shown["season"] == season].set_index("minute").reindex(starts)
        low, median, high = (np.repeat(mw_of(day, c), 2) for c in ("low", "median", "high"))
        ax.fill_between(x, low, high, color=colour, alpha=BAND, linewidth=0)
        ax.plot(x, median, color=colour, linewidth=0.17 * size, gid=season)
    value_grid(ax, 5 if size > LABEL_PT else 4, size)
    upright_grid([ax], list(HOURS), list(HOURS.values()), size)


def _season_key(figure: Figure, colours: dict) -> None:
    handles = [
        ((Patch(facecolor=c, alpha=BAND), Line2D([], [], color=c)), season)
        for season, c in colours.items()
    ]
    words = Line2D([], [], linestyle="none"), "line: median, band: 10 to 90 % of the days"
    figure_key(figure, [*handles, words])


def _days_in_words(shown: DataFrame) -> str:
    """How many days there are, by the slot that has most."""
    return counted(int(shown["days"].max()), "day") if len(shown) else ""
