"""Draw load profiles: data frames in, `Figure` out. Knows pictures, not tables, files or Dagster.

A `profile` has one row per time bucket, in time order: `bucket_start` (naive local time) and, in
MW, `mw_net_min`, `mw_net_max`, `mw_del_max`, `mw_rec_max`; a bucket without any reading is NaN.
`gaps` has one row per gap: `gap_start`, `gap_end` (naive local time, end exclusive) and
`missing_intervals`.

Every bucket is drawn as a step over its own width, because a reading is an average over its
interval. Nothing is drawn where nothing was read. Layouts are fixed, since measuring them costs a
second drawing; grid lines and their labels are plain artists, since matplotlib's ticks, five
artists each, took half the time of a picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from pandas import DataFrame

from load_profile.plots.picture_parts import (
    DPI,
    GAP_EDGE_PT,
    GAP_ZORDER,
    LABEL_PT,
    NO_READINGS,
    NO_TICKS,
    STYLE,
    TICK_PT,
    WIDTH,
    Span,
    clock_time,
    counted,
    days_of,
    draw_title,
    figure_key,
    label_values,
    mw_of,
    power_limits,
    time_axis,
    value_grid,
)
from load_profile.plots.theme import BLUE, DARK, GAP_EDGE, GAP_FILL, GREEN, NET_LABELS, ORANGE

NET_NAMES = {"signed": "net", "gross": "gross"}
DELIVERED_RECEIVED_LABEL = "Delivered above, received below zero (MW)"
LONE_BUCKET_DAYS = 15 / (24 * 60)  # width of a bucket that has no neighbour to tell it
LETTER_EM = 0.53  # mean width of a letter in a gap label
GAP_LABEL_CANDIDATES = 12


@dataclass(frozen=True)
class _Buckets:
    """Bucket edges in date numbers (days), shape (n,); `joined` (n - 1,): meets the next bucket."""

    starts: np.ndarray
    ends: np.ndarray
    joined: np.ndarray

    def outline(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x (days) and y of a step line over values (n,), NaN where two buckets do not meet."""
        breaks = 2 * (np.flatnonzero(~self.joined) + 1)
        x = np.column_stack([self.starts, self.ends]).ravel()
        return np.insert(x, breaks, x[breaks - 1]), np.insert(np.repeat(values, 2), breaks, np.nan)

    def alone(self, values: np.ndarray) -> np.ndarray:
        """Mask (n,) of the buckets that have a value while neither neighbour does."""
        known = np.isfinite(values)
        linked = self.joined & known[1:] & known[:-1]
        return known & ~np.append(linked, False) & ~np.insert(linked, 0, False)


def feeder_plot(
    feeder: str, profile: DataFrame, gaps: DataFrame, *, zone: str, net_convention: str = "signed"
) -> Figure:
    """Net power on top, delivered and received below it, over a shared time axis, gaps shaded."""
    span = _span([(profile, gaps)])
    with STYLE:
        figure = Figure(figsize=(WIDTH, 7), dpi=DPI)
        layout = {"left": 0.065, "right": 0.975, "top": 0.875, "bottom": 0.085, "hspace": 0.12}
        net, directions = figure.subplots(
            2, 1, sharex=True, gridspec_kw=layout, subplot_kw=NO_TICKS
        )
        draw_title(figure, _with_span(feeder, span))
        _draw_net(net, profile, name=NET_NAMES[net_convention])
        _draw_directions(directions, profile)
        _legend(directions, above=0.01)  # before the shading, which the upper legend explains
        for ax in (net, directions):
            _draw_ground(ax, profile, gaps, span)
        _label_gaps(net, gaps, span)
        label_values(net, NET_LABELS[net_convention])
        label_values(directions, DELIVERED_RECEIVED_LABEL, fontsize=8.5)
        time_axis([net, directions], span, zone)
        _legend(net, above=0.11)
        sns.despine(fig=figure)
    return figure


def series_plot(
    name: str, profile: DataFrame, gaps: DataFrame, *, value_label: str, zone: str
) -> Figure:
    """One series over time, like the upper half of `feeder_plot`. `value_label` names the unit."""
    span = _span([(profile, gaps)])
    with STYLE:
        figure = Figure(figsize=(WIDTH, 4.5), dpi=DPI)
        layout = {"left": 0.065, "right": 0.975, "top": 0.8, "bottom": 0.125}
        ax = figure.subplots(gridspec_kw=layout, subplot_kw=NO_TICKS)
        draw_title(figure, _with_span(name, span))
        _draw_net(ax, profile, name=name)
        _draw_ground(ax, profile, gaps, span)
        _label_gaps(ax, gaps, span)
        label_values(ax, value_label, parse_math=False)
        time_axis([ax], span, zone)
        _legend(ax, above=0.11)
        sns.despine(fig=figure)
    return figure


def combined_plot(
    panels: list[tuple[str, DataFrame, DataFrame]],
    *,
    zone: str,
    title: str,
    net_convention: str = "signed",
    most: int = 24,
) -> Figure:
    """One panel of net power per (name, profile, gaps), each with its own scale, over shared time.

    The last one stands out if it is named "total"; its gaps are the spans in which it is unknown
    because a feeder is missing. Of more than `most` feeders, those with the largest absolute peak
    are drawn, in the given order.
    """
    feeders, total = (panels[:-1], panels[-1:]) if _ends_in_total(panels) else (panels, [])
    shown = _largest(feeders, most) + total
    span = _span([(profile, gaps) for _, profile, gaps in panels])
    with STYLE:
        figure, axes = _panel_grid(len(shown), has_total=bool(total))
        draw_title(figure, title)
        for ax, (name, profile, gaps) in zip(axes, shown, strict=True):
            is_total = bool(total) and ax is axes[-1]
            _draw_panel(ax, name, profile, gaps, span, is_total=is_total)
        time_axis(axes, span, zone, size=LABEL_PT)
        figure.supylabel(NET_LABELS[net_convention], x=0.008, fontsize=11)
        note = ""
        if len(feeders) > most:
            note = f"{most} of {len(feeders)} feeders shown: those with the largest peak"
        _combined_legend(figure, note, has_total=bool(total))
        sns.despine(fig=figure)
    return figure


def _draw_net(ax: Axes, profile: DataFrame, *, name: str, wide: float = 1.0) -> None:
    """Band from lowest to highest MW of each bucket between thin lines; one line if equal."""
    low, high = mw_of(profile, "mw_net_min"), mw_of(profile, "mw_net_max")
    buckets = _buckets(profile)
    is_line = np.array_equal(low, high, equal_nan=True)
    if not is_line:
        x, y_low = buckets.outline(low)
        _, y_high = buckets.outline(high)
        label = f"{name}, lowest to highest {_per_bucket(buckets)}"
        ax.fill_between(x, y_low, y_high, color=BLUE, alpha=0.35, linewidth=0, label=label)
        _step_line(ax, buckets, low, BLUE, width=0.7 * wide)
    _step_line(
        ax,
        buckets,
        high,
        BLUE,
        width=(1.1 if is_line else 0.7) * wide,
        label=name if is_line else None,
    )
    power_limits(ax, low, high)


def _draw_directions(ax: Axes, profile: DataFrame) -> None:
    """Highest delivered MW of each bucket above zero, highest received mirrored below it."""
    buckets = _buckets(profile)
    is_line = np.array_equal(
        mw_of(profile, "mw_net_min"), mw_of(profile, "mw_net_max"), equal_nan=True
    )
    detail = "" if is_line else f", highest {_per_bucket(buckets)}"
    delivered, received = mw_of(profile, "mw_del_max"), -mw_of(profile, "mw_rec_max")
    for name, values, colour in (
        ("delivered", delivered, GREEN),
        ("received", received, ORANGE),
    ):
        x, y = buckets.outline(values)
        ax.fill_between(x, 0, y, color=colour, alpha=0.45, linewidth=0, label=name + detail)
        _step_line(ax, buckets, values, colour, width=0.8)
    power_limits(ax, received, delivered)


def _step_line(
    ax: Axes,
    buckets: _Buckets,
    values: np.ndarray,
    colour: str,
    *,
    width: float,
    label: str | None = None,
) -> None:
    """Steps over values (MW), and a dot for a bucket between two breaks, else too short to see."""
    ax.plot(*buckets.outline(values), color=colour, linewidth=width, label=label)
    alone = buckets.alone(values)
    if alone.any():
        middle = (buckets.starts[alone] + buckets.ends[alone]) / 2
        ax.plot(middle, values[alone], color=colour, linestyle="none", marker=".", markersize=4)


def _draw_panel(
    ax: Axes, name: str, profile: DataFrame, gaps: DataFrame, span: Span | None, *, is_total: bool
) -> None:
    """Small panel of net power, its name above the left corner, its gap count above the right."""
    _draw_net(ax, profile, name=name, wide=1.4 if is_total else 1.0)
    above = {"transform": ax.transAxes, "va": "bottom", "parse_math": False}
    weight, size = ("bold", 11) if is_total else ("normal", 9)
    ax.text(0, 1.02, name, weight=weight, fontsize=size, color=DARK, **above)
    if len(gaps):
        words = _unknown_in_words(gaps) if is_total else _gaps_in_words(gaps)
        ax.text(1, 1.02, words, ha="right", fontsize=LABEL_PT, color="#555555", **above)
    _draw_ground(ax, profile, gaps, span, most_lines=3, size=LABEL_PT)


def _panel_grid(count: int, *, has_total: bool) -> tuple[Figure, np.ndarray]:
    """Figure with `count` axes below each other, sharing time; the total, being last, is higher."""
    ratios = [1.0] * count
    if has_total:
        ratios[-1] = 1.8
    height = 1.5 + 1.0 * sum(ratios)  # inches
    layout = {
        "left": 0.065,
        "right": 0.975,
        "top": 1 - 0.95 / height,
        "bottom": 0.55 / height,
        "hspace": 0.36,
        "height_ratios": ratios,
    }
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    axes = figure.subplots(
        count, 1, sharex=True, squeeze=False, gridspec_kw=layout, subplot_kw=NO_TICKS
    )
    return figure, axes[:, 0]


def _draw_ground(
    ax: Axes,
    profile: DataFrame,
    gaps: DataFrame,
    span: Span | None,
    *,
    most_lines: int = 9,
    size: float = TICK_PT,
) -> None:
    """What lies below the values: lines at round values, if there is a reading, and the gaps."""
    has_readings = _has_readings(profile)
    if has_readings:
        value_grid(ax, most_lines, size)
    _shade_gaps(ax, gaps, span, whole=not has_readings)


def _shade_gaps(ax: Axes, gaps: DataFrame, span: Span | None, *, whole: bool) -> None:
    """Shade each gap over the whole height, at least 2 px wide; `whole`: shade the whole span."""
    starts, ends = days_of(gaps, "gap_start"), days_of(gaps, "gap_end")
    if whole:
        span = span or Span(0, 1)
        starts, ends = np.array([span.start]), np.array([span.end])
        centred = {"transform": ax.transAxes, "ha": "center", "va": "center"}
        ax.text(0.5, 0.5, NO_READINGS, fontsize=12, **centred)
    if len(starts) == 0:
        return
    corners = [[(a, 0), (a, 1), (b, 1), (b, 0)] for a, b in zip(starts, ends, strict=True)]
    shading = PolyCollection(
        corners,
        transform=ax.get_xaxis_transform(),
        facecolor=GAP_FILL,
        edgecolor=GAP_EDGE,
        linewidth=GAP_EDGE_PT,
        zorder=GAP_ZORDER,
        label=_gaps_in_words(gaps) or NO_READINGS,
    )
    ax.add_collection(shading, autolim=False)


def _label_gaps(ax: Axes, gaps: DataFrame, span: Span | None) -> None:
    """Write the longest gaps above the axes, each over its gap, as many as fit side by side."""
    if span is None or len(gaps) == 0:
        return
    longest = gaps.sort_values("missing_intervals", ascending=False, kind="stable")
    longest = longest.head(GAP_LABEL_CANDIDATES)
    starts, ends = days_of(longest, "gap_start"), days_of(longest, "gap_end")
    texts = [
        f"gap: {counted(count, 'interval')}, {clock_time(start)} - {clock_time(end)}"
        for count, start, end in zip(longest["missing_intervals"], starts, ends, strict=True)
    ]
    middles = ((starts + ends) / 2 - span.start) / (span.end - span.start)
    axes_pt = ax.get_position().width * WIDTH * 72
    widths = np.array([LETTER_EM * LABEL_PT * (len(text) + 2) / axes_pt for text in texts])
    places = _places(middles, widths)
    for i, left in places.items():
        middle = left + widths[i] / 2
        ax.text(middle, 1.055, texts[i], transform=ax.transAxes, ha="center", fontsize=LABEL_PT)
    leaders = [[(middles[i], 1), (middles[i], 1.045)] for i in places]
    lines = LineCollection(leaders, transform=ax.transAxes, color=GAP_EDGE, clip_on=False)
    ax.add_collection(lines, autolim=False)


def _places(middles: np.ndarray, widths: np.ndarray) -> dict[int, float]:
    """Left edges of the labels that find room in [0, 1] over their middles; the first go first."""
    lowest, highest = np.maximum(middles - widths, 0), np.minimum(middles, 1 - widths)
    placed: list[int] = []
    for i in range(len(middles)):
        tried = sorted([*placed, i], key=lambda k: middles[k])
        right = 0.0
        for k in tried:
            left = max(lowest[k], right)
            right = left + widths[k] if left <= highest[k] else np.inf
        placed = tried if np.isfinite(right) else placed
    latest, limit = {}, 1.0
    for k in reversed(placed):
        latest[k] = limit = min(highest[k], limit - widths[k])
    lefts, right = {}, 0.0
    for k in placed:
        lefts[k] = min(max(middles[k] - widths[k] / 2, lowest[k], right), latest[k])
        right = lefts[k] + widths[k]
    return lefts


def _legend(ax: Axes, *, above: float) -> None:
    """Legend in one row, `above` (axes heights) over the axes, where it can hide nothing."""
    handles, labels = ax.get_legend_handles_labels()
    legend = ax.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0, 1 + above),
        ncols=len(labels),
        frameon=False,
        fontsize=9,
        borderaxespad=0,
        borderpad=0.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _combined_legend(figure: Figure, note: str, *, has_total: bool) -> None:
    """One row under the title: what band and shading mean, and the note on omitted feeders."""
    gap = Patch(facecolor=GAP_FILL, edgecolor=GAP_EDGE, linewidth=GAP_EDGE_PT)
    band = Patch(facecolor=BLUE, alpha=0.5)
    meaning = "gap" + (" (total: unknown, a feeder is missing)" if has_total else "")
    below = 0.62  # inches
    figure_key(figure, [(band, "lowest to highest"), (gap, meaning)], below=below)
    y = 1 - below / figure.get_figheight()
    figure.text(0.985, y, note, ha="right", va="center", fontsize=10, weight="bold")


def _buckets(profile: DataFrame) -> _Buckets:
    """Edges of the buckets. A left out row, or a clock set forward or back, unjoins two buckets."""
    starts = days_of(profile, "bucket_start")
    steps = np.diff(starts)
    forward = steps[steps > 0]
    width = np.median(forward) if len(forward) else LONE_BUCKET_DAYS
    joined = (steps > 0) & (steps < 1.5 * width)
    ends = starts + width
    ends[:-1][joined] = starts[1:][joined]
    return _Buckets(starts, ends, joined)


def _span(drawn: list[tuple[DataFrame, DataFrame]]) -> Span | None:
    """From the first to the last reading or gap of all (profile, gaps); None if there is none."""
    starts, ends = [], []
    for profile, gaps in drawn:
        buckets = _buckets(profile)
        known = np.isfinite(mw_of(profile, "mw_net_max"))
        if not known.any() and len(gaps) == 0:
            known[:] = True
        starts += [buckets.starts[known], days_of(gaps, "gap_start")]
        ends += [buckets.ends[known], days_of(gaps, "gap_end")]
    start, end = np.concatenate(starts), np.concatenate(ends)
    return Span(float(start.min()), float(end.max())) if len(start) else None


def _largest(
    feeders: list[tuple[str, DataFrame, DataFrame]], most: int
) -> list[tuple[str, DataFrame, DataFrame]]:
    """The `most` feeders with the largest absolute peak (MW), in their given order."""
    peaks = [_peak(profile) for _, profile, _ in feeders]
    by_peak = sorted(range(len(feeders)), key=lambda i: peaks[i], reverse=True)
    return [feeders[i] for i in sorted(by_peak[:most])]


def _peak(profile: DataFrame) -> float:
    """Largest absolute net power (MW); -1 without any reading, which ranks below a dead feeder."""
    values = np.concatenate([mw_of(profile, "mw_net_min"), mw_of(profile, "mw_net_max")])
    known = np.abs(values[np.isfinite(values)])
    return float(known.max()) if len(known) else -1.0


def _ends_in_total(panels: list[tuple[str, DataFrame, DataFrame]]) -> bool:
    return bool(panels) and panels[-1][0] == "total"


def _has_readings(profile: DataFrame) -> bool:
    return bool(np.isfinite(mw_of(profile, "mw_net_max")).any())


def _with_span(name: str, span: Span | None) -> str:
    return f"{name}, {span}" if span else name


def _per_bucket(buckets: _Buckets) -> str:
    """`per 2 h`: typical width of a bucket in words."""
    minutes = round(float(np.median(buckets.ends - buckets.starts)) * 24 * 60)
    if minutes < 120:
        return f"per {minutes} min"
    return f"per {minutes / 60:.3g} h" if minutes < 48 * 60 else f"per {minutes / 1440:.3g} days"


def _gaps_in_words(gaps: DataFrame) -> str:
    """`3 gaps, 96 intervals missing`, empty without gaps."""
    if len(gaps) == 0:
        return ""
    missing = int(gaps["missing_intervals"].sum())
    return f"{counted(len(gaps), 'gap')}, {counted(missing, 'interval')} missing"


def _unknown_in_words(gaps: DataFrame) -> str:
    """`unknown in 3 spans, 96 intervals`, for a total that lacks a feeder."""
    missing = int(gaps["missing_intervals"].sum())
    return f"unknown in {counted(len(gaps), 'span')}, {counted(missing, 'interval')}"
