"""Read and draw profiles over time and their gaps, as several plots do.

A `profile` has one row per time bucket, in time order: `bucket_start` (naive local time) and, in
MW, `mw_net_min`, `mw_net_max`, `mw_del_max`, `mw_rec_max`; a bucket without any reading is NaN.
`gaps` has one row per gap: `gap_start`, `gap_end` (naive local time, end exclusive) and
`missing_intervals`. `estimates` has one row per bucket with estimates, of `minutes` from
`bucket_start` on: `low`, `middle` and `high` in MW.

Every bucket is a step over its own width, because a reading is an average over its interval.
Nothing is drawn where nothing was read, but for estimates: dashed, in a colour of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from pandas import DataFrame

from ingest.words import counted
from load_profile.plots.axes import (
    GAP_ZORDER,
    Span,
    date_numbers,
    numbers,
    power_axis,
    write_centred,
)
from load_profile.plots.buckets import Buckets
from load_profile.plots.system import System, query, rows_by_feeder
from load_profile.plots.theme import (
    BLUE,
    DPI,
    GAP_EDGE,
    GAP_FILL,
    GREEN,
    LABEL_PT,
    NO_READINGS,
    ORANGE,
    RED,
    WIDTH,
)
from load_profile.shown import ISO, MEGA, Dates, Unit

if TYPE_CHECKING:
    import duckdb

LONE_BUCKET_DAYS = 15 / (24 * 60)  # width of a bucket without a neighbour that shows it
GAP_EDGE_PT = 2 * 72 / DPI  # an outline of 2 px, so that a gap narrower than a pixel is still seen
LETTER_EM = 0.53  # mean width of a letter in a gap label
GAP_LABEL_CANDIDATES = 12
DASHES = (0, (3, 1.5))
ESTIMATED, BAND, BAND_ALPHA = "estimated", "band of the estimate", 0.25


def profiles_and_gaps(
    con: duckdb.DuckDBPyConnection, system: System, feeders: Sequence[str], *, zone: str | None
) -> list[tuple[str, DataFrame, DataFrame]]:
    """Return name, profile and gaps of feeders, on the clock of a zone or, without one, their own.

    The lowest and highest of every bucket are kept: a spike of one interval stays in the plot.
    """
    chosen = {"feeders": feeders, "zone": zone}
    profiles = query(con, "profile_buckets", system, **chosen).df()
    gaps = query(con, "profile_gaps", system, **chosen).df()
    profile_of, gaps_of = rows_by_feeder(profiles), rows_by_feeder(gaps)
    return [(name, profile_of(name), gaps_of(name)) for name in feeders]


def estimates_of(
    con: duckdb.DuckDBPyConnection, system: System, feeders: Sequence[str], *, zone: str | None
) -> dict[str, DataFrame]:
    """Return the estimates of feeders, on the clock of a zone or, without one, their own."""
    found = query(con, "profile_estimates", system, feeders=feeders, zone=zone).df()
    return dict(list(found.groupby("feeder")))


def powers_of(profile: DataFrame, estimates: DataFrame | None = None) -> list[np.ndarray]:
    """Return all that is drawn (MW), from which the unit follows."""
    columns = ("mw_net_min", "mw_net_max", "mw_del_max", "mw_rec_max")
    drawn = [numbers(profile, name) for name in columns if name in profile]
    if estimates is not None:
        drawn += [numbers(estimates, name) for name in ("low", "high")]
    return drawn


def buckets_of(profile: DataFrame) -> Buckets:
    """Return the buckets' edges; a left out row, or a clock that was set, separates two buckets."""
    starts = date_numbers(profile, "bucket_start")
    steps = np.diff(starts)
    forward = steps[steps > 0]
    width = np.median(forward) if len(forward) else LONE_BUCKET_DAYS
    joined = (steps > 0) & (steps < 1.5 * width)
    ends = starts + width
    ends[:-1][joined] = starts[1:][joined]
    return Buckets(starts, ends, joined)


def span_of(drawn: Iterable[tuple[DataFrame, DataFrame]]) -> Span | None:
    """Return first to last reading or gap of all (profile, gaps); None if there is none."""
    starts, ends = [], []
    for profile, gaps in drawn:
        buckets = buckets_of(profile)
        known = np.isfinite(numbers(profile, "mw_net_max"))
        if not known.any() and len(gaps) == 0:
            known[:] = True
        starts += [buckets.starts[known], date_numbers(gaps, "gap_start")]
        ends += [buckets.ends[known], date_numbers(gaps, "gap_end")]
    start, end = np.concatenate(starts), np.concatenate(ends)
    return Span(float(start.min()), float(end.max())) if len(start) else None


def draw_net(ax: Axes, profile: DataFrame, *, name: str, wide: float = 1.0, **axis: object) -> None:
    """Draw a band from lowest to highest MW of each bucket; one line where they are equal."""
    low, high = numbers(profile, "mw_net_min"), numbers(profile, "mw_net_max")
    buckets = buckets_of(profile)
    if is_line(profile):
        _draw_steps(ax, buckets, high, BLUE, width=1.1 * wide, label=name)
    else:
        x, y_low = buckets.outline(low)
        _, y_high = buckets.outline(high)
        label = f"{name}, lowest to highest {buckets.width_in_words}"
        ax.fill_between(x, y_low, y_high, color=BLUE, alpha=0.35, linewidth=0, label=label)
        _draw_steps(ax, buckets, low, BLUE, width=0.7 * wide)
        _draw_steps(ax, buckets, high, BLUE, width=0.7 * wide)
    power_axis(ax, low, high, **axis)


def draw_estimates(ax: Axes, estimates: DataFrame | None, *, wide: float = 1.0) -> None:
    """Draw what probably was where nothing usable was read: dashed, in its band."""
    if estimates is None:
        return
    starts = date_numbers(estimates, "bucket_start")
    width = float(estimates["minutes"].iloc[0]) / 1440
    steps = np.diff(starts)
    buckets = Buckets(starts, starts + width, (steps > 0) & (steps < 1.5 * width))
    low, middle, high = (numbers(estimates, name) for name in ("low", "middle", "high"))
    x, y_low = buckets.outline(low)
    _, y_high = buckets.outline(high)
    ax.fill_between(x, y_low, y_high, color=RED, alpha=BAND_ALPHA, linewidth=0, label=BAND)
    x, y = buckets.outline(middle)
    ax.plot(x, y, color=RED, linewidth=1.3 * wide, linestyle=DASHES, label=ESTIMATED)
    bottom, top = ax.get_ylim()
    margin = 0.03 * (top - bottom)
    ax.set_ylim(min(bottom, low.min() - margin), max(top, high.max() + margin))


def draw_directions(ax: Axes, profile: DataFrame, unit: Unit = MEGA) -> None:
    """Draw highest delivered MW of each bucket above zero, highest received mirrored below it."""
    buckets = buckets_of(profile)
    detail = "" if is_line(profile) else f", highest {buckets.width_in_words}"
    delivered, received = numbers(profile, "mw_del_max"), -numbers(profile, "mw_rec_max")
    for name, values, colour in (("delivered", delivered, GREEN), ("received", received, ORANGE)):
        x, y = buckets.outline(values)
        ax.fill_between(x, 0, y, color=colour, alpha=0.45, linewidth=0, label=name + detail)
        _draw_steps(ax, buckets, values, colour, width=0.8)
    power_axis(ax, received, delivered, unit=unit)


def is_line(profile: DataFrame) -> bool:
    """Whether lowest and highest are equal in every bucket."""
    low, high = numbers(profile, "mw_net_min"), numbers(profile, "mw_net_max")
    return np.array_equal(low, high, equal_nan=True)


def has_readings(profile: DataFrame) -> bool:
    """Whether any bucket has a value."""
    return bool(np.isfinite(numbers(profile, "mw_net_max")).any())


def shade_gaps(ax: Axes, profile: DataFrame, gaps: DataFrame, span: Span | None) -> None:
    """Shade each gap over the whole height, at least 2 px wide; all of it without any reading."""
    spans = np.column_stack([date_numbers(gaps, "gap_start"), date_numbers(gaps, "gap_end")])
    if not has_readings(profile):
        spans = np.array([span or Span(0, 1)])
        write_centred(ax, NO_READINGS)
        ax.set_yticks([])
    if len(spans):
        ax.broken_barh(
            [(start, end - start) for start, end in spans],
            (0, 1),
            transform=ax.get_xaxis_transform(),
            facecolor=GAP_FILL,
            edgecolor=GAP_EDGE,
            linewidth=GAP_EDGE_PT,
            zorder=GAP_ZORDER,
            label=gaps_in_words(gaps) or NO_READINGS,
        )


def label_gaps(ax: Axes, gaps: DataFrame, span: Span | None, dates: Dates = ISO) -> None:
    """Write the longest gaps above the axes, each over its gap, as many as fit side by side."""
    if span is None or len(gaps) == 0:
        return
    longest = gaps.nlargest(GAP_LABEL_CANDIDATES, "missing_intervals")
    starts, ends = date_numbers(longest, "gap_start"), date_numbers(longest, "gap_end")
    axes_pt = ax.get_position().width * WIDTH * 72
    taken: list[tuple[float, float]] = []
    for start, end, missing in zip(starts, ends, longest["missing_intervals"], strict=True):
        text = f"gap: {counted(missing, 'interval')}, {Span(start, end).in_words(dates)}"
        wide = LETTER_EM * LABEL_PT * (len(text) + 2) / axes_pt
        middle = ((start + end) / 2 - span.start) / (span.end - span.start)
        left = min(max(middle - wide / 2, 0), 1 - wide)
        if all(left >= other_right or left + wide <= other for other, other_right in taken):
            taken.append((left, left + wide))
            ax.annotate(
                text,
                (middle, 1),
                (left + wide / 2, 1.055),
                xycoords="axes fraction",
                ha="center",
                fontsize=LABEL_PT,
                arrowprops={"arrowstyle": "-", "color": GAP_EDGE, "shrinkA": 0, "shrinkB": 0},
            )


def gaps_in_words(gaps: DataFrame, *, is_total: bool = False) -> str:
    """`3 gaps, 96 intervals missing`, or `unknown in 3 spans, ...` for a total; empty without."""
    if len(gaps) == 0:
        return ""
    missing = counted(int(gaps["missing_intervals"].sum()), "interval")
    if is_total:
        return f"unknown in {counted(len(gaps), 'span')}, {missing}"
    return f"{counted(len(gaps), 'gap')}, {missing} missing"


def legend_above(ax: Axes, above: float) -> None:
    """Put the legend in one row, `above` (axes heights) over the axes, where it hides nothing."""
    count = len(ax.get_legend_handles_labels()[1])
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1 + above), ncols=count)


def _draw_steps(
    ax: Axes,
    buckets: Buckets,
    values: np.ndarray,
    colour: str,
    *,
    width: float,
    label: str | None = None,
) -> None:
    """Draw steps over values (MW), and a dot for a bucket between two breaks, else hidden."""
    ax.plot(*buckets.outline(values), color=colour, linewidth=width, label=label)
    alone = buckets.alone(values)
    if alone.any():
        middle = (buckets.starts[alone] + buckets.ends[alone]) / 2
        ax.plot(middle, values[alone], color=colour, linestyle="none", marker=".", markersize=4)
