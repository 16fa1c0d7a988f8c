"""Draw what one plans with: load-duration curves, typical days, months, the order of feeders.

Data frames in, `Figure` out, as in `plots`. Figures are those of the tables: nothing is added up,
averaged or interpolated here. Lines between the points of a curve are there to lead the eye.
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

from dagster_defs.picture_parts import (
    BLUE,
    BY_POWER,
    DARK,
    DPI,
    GAP_EDGE,
    GAP_FILL,
    LABEL_PT,
    LEFT,
    NET_LABELS,
    NO_READINGS,
    NO_TOTAL,
    ORANGE,
    RIGHT,
    STYLE,
    TICK_PAD_PT,
    WIDTH,
    axes_at,
    counted,
    draw_title,
    heading,
    in_digits,
    in_order,
    in_points,
    label_values,
    mw_of,
    name_panel,
    places_in_rows,
    power_limits,
    say_unknown,
    shortened,
    upright_grid,
    value_grid,
)

COLOURS = [*sns.color_palette("colorblind").as_hex()]
MOST_YEARS, MOST_COLUMNS, MOST_SEASONS, MOST_MONTHS, MOST_RANKED = 6, 4, 6, 36, 20
DAY_TYPES = ["weekday", "weekend", "holiday"]
PERCENT = range(0, 101, 20)
HOURS = {60 * hour: f"{hour:02d}:00" for hour in range(0, 24, 6)}
MONTH_LABELS = {
    "signed": ("Peak of net power (MW)", "Net energy (MWh)"),
    "gross": ("Peak of gross power (MW)", "Gross energy (MWh)"),
}
BAR = 0.72  # width of a month's bar if they are many, height of a feeder's
FEW_MONTHS = 24  # up to so many bars each carries its value
INCOMPLETE = {"hatch": "////", "edgecolor": "white", "linewidth": 0}
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
        heading(figure, 0.55, "Total", _cut(years, all_years, "year"))
        ax = axes_at(figure, LEFT, top, 7.4, height)
        _draw_curves(ax, total, colours, size=10, unknown=NO_TOTAL)
        label_values(ax, NET_LABELS[net_convention])
        ax.yaxis.set_label_coords(-0.085, 0.5)
        ax.set_xlabel("Share of the known time (%)", labelpad=10 + 2 * TICK_PAD_PT)
        _legend(ax, [Line2D([], [], color=c) for c in colours.values()], _known(total, colours))
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
        heading(figure, 0.88, "Total", _cut(seasons, all_seasons, "season", "the first"))
        look = {"top": top, "height": height, "between": (0.4, 0.6)}
        places = places_in_rows(len(panels), max(len(kinds), 1), **look)
        for panel, place in zip(panels, places, strict=True):
            ax = axes_at(figure, *place)
            if panel is None:
                say_unknown(ax, NO_TOTAL)
                break
            season, kind = panel
            shown = total[(total["season"] == season) & (total["day_type"] == kind)]
            name_panel(ax, f"{season}, {kind}", _days_in_words(shown), size=10)
            _draw_days(ax, shown, {season: colours[season]}, slot_minutes, limits=total, size=9)
            if place[0] == LEFT:
                label_values(ax, NET_LABELS[net_convention])
                ax.yaxis.set_label_coords(-0.62 / place[2], 0.5)
        ax.set_xlabel(f"Time of day ({zone})", labelpad=9 + 2 * TICK_PAD_PT)
        note = in_order(len(feeders), feeder_count, BY_POWER)
        what = f"Feeders on {feeder_day_type}s (MW)"
        heading(figure, small - 0.45, what, note)
        places = places_in_rows(len(feeders), 4, top=small, **SMALL)
        for (name, shown), place in zip(feeders, places, strict=True):
            ax = axes_at(figure, *place)
            name_panel(ax, shortened(name, 34))
            _draw_days(ax, shown, colours, slot_minutes, limits=shown, size=LABEL_PT)
        sns.despine(fig=figure)
    return figure


def by_month(
    months: DataFrame, feeders: DataFrame, *, ranked_over: str, net_convention: str = "signed"
) -> Figure:
    """Peak and energy of the total month by month; below, the feeders in the order of their peak.

    `months`: `month`, `peak_mw`, `min_mw`, `net_mwh`, `is_lower_bound`. `feeders`, the same
    figures of the last months together, by `feeder` from the largest peak down; `ranked_over`
    says which months.
    """
    shown, ranked = months.tail(MOST_MONTHS), feeders.head(MOST_RANKED)
    top, height, between = 1.3, 2.3, 0.55
    ranking = top + 2 * height + between + 1.45
    deep = max(len(ranked), 1) * 0.24
    peak_label, energy_label = MONTH_LABELS[net_convention]
    with STYLE:
        figure = Figure(figsize=(WIDTH, ranking + deep + 0.25), dpi=DPI)
        draw_title(figure, "Peak and energy by month")
        _bar_key(figure)
        heading(figure, 0.88, "Total", _cut(shown, months, "month"))
        peak, energy = (
            axes_at(figure, LEFT, top + i * (height + between), RIGHT - LEFT, height)
            for i in range(2)
        )
        _draw_months(peak, shown, ["min_mw", "peak_mw"], peak_label)
        _draw_months(energy, shown, ["net_mwh"], energy_label)
        _month_axis([peak, energy], shown)
        heading(figure, ranking - 0.58, f"Feeders, {ranked_over}", _ranked_in_words(feeders))
        wide = (RIGHT - LEFT - 1.2) / 2
        for left, what, columns in (
            (LEFT + 1.1, peak_label, ["min_mw", "peak_mw"]),
            (LEFT + 1.2 + wide, energy_label, ["net_mwh"]),
        ):
            ax = axes_at(figure, left, ranking, wide - 0.1, deep)
            _draw_ranking(ax, ranked, columns, what)
            if what == peak_label:
                _name_rows(ax, ranked)
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
        ax.fill_between(x, low, high, color=colour, alpha=0.28, linewidth=0)
        ax.plot(x, median, color=colour, linewidth=0.17 * size, gid=season)
    value_grid(ax, 5 if size > LABEL_PT else 4, size)
    upright_grid([ax], list(HOURS), list(HOURS.values()), size)


def _season_key(figure: Figure, colours: dict) -> None:
    handles = [(Line2D([], [], color=c), f"{season}, median") for season, c in colours.items()]
    band = Patch(facecolor="#888888", alpha=0.4), "10 to 90 % of the days"
    _figure_key(figure, [*handles, band])


def _bar_key(figure: Figure) -> None:
    _figure_key(
        figure,
        [
            (Patch(facecolor=BLUE), "peak, energy"),
            (Patch(facecolor=ORANGE), "lowest power where below 0 (reverse flow)"),
            (
                Patch(facecolor="#888888", **INCOMPLETE),
                "incomplete: an interval is missing, the true peak may be higher",
            ),
            (Patch(facecolor=GAP_FILL, edgecolor=GAP_EDGE), "unknown"),
        ],
    )


def _figure_key(figure: Figure, meanings: list[tuple]) -> None:
    """One row under the title."""
    handles, labels = zip(*meanings, strict=True)
    legend = figure.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(LEFT / WIDTH, 1 - 0.58 / figure.get_figheight()),
        ncols=len(labels),
        frameon=False,
        fontsize=9,
        borderaxespad=0,
        borderpad=0,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _legend(ax: Axes, handles: list, labels: list[str]) -> None:
    ax.legend(handles, labels, loc="upper right", frameon=True, framealpha=0.85, fontsize=9)


def _days_in_words(shown: DataFrame) -> str:
    """How many days there are, by the slot that has most."""
    return counted(int(shown["days"].max()), "day") if len(shown) else ""


def _draw_months(ax: Axes, months: DataFrame, columns: list[str], what: str) -> None:
    """Bars of the last column, under them those of the one before where it is below 0."""
    values = [mw_of(months, column) for column in columns]
    x = np.arange(len(months))
    lower = np.minimum(values[0], 0) if len(values) > 1 else np.zeros(len(months))
    power_limits(ax, np.append(lower, values[-1]), values[-1])
    ax.set_xlim(-0.5, max(len(months), 1) - 0.5)
    label_values(ax, what)
    for place in x[~np.isfinite(values[-1])]:
        ax.axvspan(place - 0.5, place + 0.5, color=GAP_FILL, linewidth=0)
    if not np.isfinite(values[-1]).any():
        say_unknown(ax, NO_TOTAL)
        return
    looks, wide = _bar_looks(months), BAR * min(1.0, len(months) / 12)
    if len(values) > 1:
        _bars(ax.bar(x, np.nan_to_num(lower), wide, color=ORANGE), looks, "lowest")
    _bars(ax.bar(x, values[-1], wide, color=BLUE), looks, "value")
    value_grid(ax, 5, 10)
    if len(months) <= FEW_MONTHS:
        has_lower = len(values) > 1
        for place, value, low in zip(x, values[-1], lower, strict=True):
            if np.isfinite(value):
                _name_bar(ax, place, value, is_below=value < 0 and not has_lower)
            if low < 0:
                _name_bar(ax, place, low, is_below=True)


def _name_bar(ax: Axes, x: float, value: float, *, is_below: bool) -> None:
    """The value at the end of a month's bar; a peak below 0 stands above zero."""
    up, va = (-2, "top") if is_below else (2, "bottom")
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    look = {"ha": "center", "va": va, "fontsize": LABEL_PT, "bbox": ground}
    beside = ax.transData + in_points(ax, 0, up)
    ax.text(x, value if is_below else max(value, 0), in_digits(value), transform=beside, **look)


def _bar_looks(frame: DataFrame) -> list[dict]:
    return [INCOMPLETE if bound else {"linewidth": 0} for bound in frame["is_lower_bound"]]


def _bars(bars, looks: list[dict], gid: str) -> None:
    for bar, look in zip(bars, looks, strict=True):
        bar.set(gid=gid, zorder=2, **look)


def _month_axis(axes: list[Axes], months: DataFrame) -> None:
    """Name of each month, its year below the first one and every January."""
    step = ceil(len(months) / FEW_MONTHS)
    places, labels = [], []
    for place, month in enumerate(months["month"]):
        if place % step == 0:
            is_first = not labels or month.month <= step
            places.append(place)
            labels.append(f"{month:%b}\n{month:%Y}" if is_first else f"{month:%b}")
    for ax in axes:
        upright_grid([ax], places, labels, 9, has_lines=False)


def _draw_ranking(ax: Axes, feeders: DataFrame, columns: list[str], what: str) -> None:
    """A bar a feeder, the first on top, with its value at its end."""
    values = [mw_of(feeders, column) for column in columns]
    lower = np.minimum(np.nan_to_num(values[0]), 0) if len(values) > 1 else np.zeros(len(feeders))
    y = np.arange(len(feeders))
    known = np.concatenate([[0.0], lower, values[-1][np.isfinite(values[-1])]])
    room = 0.12 * (known.max() - known.min()) or 1.0
    ax.spines["bottom"].set_color("none")
    ax.set(xlim=(known.min() - room * (known.min() < 0), known.max() + room))
    ax.set_ylim(max(len(feeders), 1) - 0.5, -0.5)
    ax.set_title(what, fontsize=10, loc="left", pad=4)
    looks = _bar_looks(feeders)
    if len(values) > 1:
        _bars(ax.barh(y, lower, BAR, color=ORANGE), looks, "lowest")
    _bars(ax.barh(y, values[-1], BAR, color=BLUE), looks, "value")
    ax.axvline(0, color=DARK, linewidth=0.8, zorder=3)
    for place, value in zip(y, values[-1], strict=True):
        if np.isfinite(value):
            _name_feeder_bar(ax, value, place, is_left=value < 0 and len(values) == 1)
        else:
            right = ax.transData + in_points(ax, 4, 0)
            ax.text(0, place, "unknown", va="center", fontsize=LABEL_PT, transform=right)
    for place, value in zip(y, lower, strict=True):
        if value < 0 and len(values) > 1:
            _name_feeder_bar(ax, value, place, is_left=True)


def _name_feeder_bar(ax: Axes, value: float, y: float, *, is_left: bool) -> None:
    """The value at the end of a feeder's bar; a peak below 0 stands to the right of zero."""
    right, ha = (-4, "right") if is_left else (4, "left")
    beside = ax.transData + in_points(ax, right, 0)
    look = {"ha": ha, "va": "center", "fontsize": LABEL_PT, "transform": beside}
    ax.text(value if is_left else max(value, 0), y, in_digits(value), **look)


def _name_rows(ax: Axes, feeders: DataFrame) -> None:
    left = ax.get_yaxis_transform() + in_points(ax, -6, 0)
    look = {"ha": "right", "va": "center", "fontsize": 9, "parse_math": False, "transform": left}
    for row, name in enumerate(feeders["feeder"]):
        ax.text(0, row, shortened(name, 23), color=DARK, **look)


def _ranked_in_words(feeders: DataFrame) -> str:
    """The order, and what is left out: how many feeders, and their energy."""
    rest = feeders.iloc[MOST_RANKED:]
    order = in_order(len(feeders) - len(rest), len(feeders), BY_POWER)
    if rest.empty:
        return order
    energy = mw_of(rest, "net_mwh")
    return (
        f"{order}; and {counted(len(rest), 'more feeder')}, {np.nansum(energy):,.0f} MWh together"
    )


def _cut(shown: Sequence, all_of_it: Sequence, noun: str, which: str = "the last") -> str:
    """`the last 36 of 60 months`, empty if all are shown."""
    if len(shown) == len(all_of_it):
        return ""
    return f"{which} {len(shown)} of {len(all_of_it)} {noun}s"
