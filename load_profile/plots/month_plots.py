"""Draw months and the order of feeders. Data frames in, `Figure` out, as in `plots`."""

from __future__ import annotations

from math import ceil

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from pandas import DataFrame

from load_profile.plots.picture_parts import (
    BY_POWER,
    DPI,
    LABEL_PT,
    LEFT,
    NO_TOTAL,
    RIGHT,
    STYLE,
    WIDTH,
    axes_at,
    counted,
    draw_title,
    figure_key,
    heading,
    in_digits,
    in_order,
    in_points,
    label_values,
    mw_of,
    part_of,
    power_limits,
    say_unknown,
    shortened,
    upright_grid,
    value_grid,
)
from load_profile.plots.theme import BLUE, DARK, GAP_EDGE, GAP_FILL, ORANGE

MONTH_LABELS = {
    "signed": ("Peak of net power (MW)", "Net energy (MWh)"),
    "gross": ("Peak of gross power (MW)", "Gross energy (MWh)"),
}
BAR = 0.72  # width of a month's bar if they are many, height of a feeder's
FEW_MONTHS = 24  # up to so many bars each carries its value
LOWER_BOUND = {"hatch": "////", "edgecolor": "white", "linewidth": 0}
MOST_MONTHS, MOST_RANKED = 36, 20


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
        heading(figure, 0.88, "Total", part_of(shown, months, "month"))
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


def _bar_key(figure: Figure) -> None:
    figure_key(
        figure,
        [
            (Patch(facecolor=BLUE), "peak, energy"),
            (Patch(facecolor=ORANGE), "lowest power where below 0 (reverse flow)"),
            (
                Patch(facecolor=BLUE, **LOWER_BOUND),
                "lower bound: an interval is unknown, or left out of peaks",
            ),
            (Patch(facecolor=GAP_FILL, edgecolor=GAP_EDGE), "unknown"),
        ],
    )


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
    return [LOWER_BOUND if bound else {"linewidth": 0} for bound in frame["is_lower_bound"]]


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
