"""What all pictures share: colours, title, grid, time axis, PNG. Knows no particular picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import matplotlib.dates as mdates
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import MaxNLocator, ScalarFormatter
from matplotlib.transforms import ScaledTranslation, Transform
from pandas import DataFrame
from PIL import Image

from load_profile.plots.theme import DARK, GAP_FILL

DPI = 100
WIDTH = 14.0  # inches
LEFT, RIGHT = 0.91, 13.65  # edges of what is drawn (inches)
GAP_EDGE_PT = 2 * 72 / DPI  # an outline of 2 px, so that a gap narrower than a pixel is still seen
NO_READINGS = "no readings in this span"
BY_POWER = "the largest net power in either direction"
NO_TOTAL = "never known: a feeder is missing"
GRID_ZORDER, ZERO_LINE_ZORDER, GAP_ZORDER = 0.5, 0.7, 0.8  # all below bands and lines
STYLE = sns.axes_style("whitegrid", {"axes.grid": False})
NO_TICKS = {"xticks": [], "yticks": []}
GRID_LINE = {"color": "#cccccc", "linewidth": 0.8, "zorder": GRID_ZORDER}
GRID_LABEL = {"color": DARK, "gid": "grid"}
TICK_PT, TICK_PAD_PT = 10, 6  # labels of grid lines, and their distance from the axis
ROUND = [1, 2, 2.5, 4, 5, 10]  # steps between grid lines, times a power of ten
LABEL_PT = 8
TIME_FORMAT = "%m/%d/%y %H:%M"  # as in the raw export


@dataclass(frozen=True)
class Span:
    """Drawn time span in matplotlib date numbers (days)."""

    start: float
    end: float

    def __str__(self) -> str:
        return f"{clock_time(self.start)} - {clock_time(self.end)}"


def to_png(figure: Figure) -> bytes:
    """PNG of the figure at 100 dpi; equal figures give equal bytes (no version, no date).

    256 colours: no eye sees the difference, and it is a third of the bytes in half the time.
    """
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    size = canvas.get_width_height()
    opaque = Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1)
    buffer = BytesIO()
    opaque.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE).save(
        buffer, format="png", compress_level=3, dpi=(DPI, DPI)
    )
    return buffer.getvalue()


def draw_title(figure: Figure, text: str) -> None:
    """Title at the upper left, 0.12 inches below the edge; a `$` in a feeder name stays a `$`."""
    top = 1 - 0.12 / figure.get_figheight()
    figure.suptitle(
        text, x=0.065, y=top, ha="left", va="top", fontsize=14, weight="bold", parse_math=False
    )


def power_limits(ax: Axes, low: np.ndarray, high: np.ndarray) -> None:
    """Limits (MW) around all values and zero, -1 to 1 for zero alone, and the zero line.

    The zero line lies under the shading: in a gap nothing is drawn that could be read as a value.
    """
    known = np.concatenate([[0.0], low[np.isfinite(low)], high[np.isfinite(high)]])
    bottom, top = known.min(), known.max()
    margin = 0.06 * (top - bottom) or 1.0
    ax.set_ylim(bottom - margin, top + margin)
    ax.axhline(0, color=DARK, linewidth=0.8, zorder=ZERO_LINE_ZORDER)


def value_grid(ax: Axes, most: int, size: float) -> None:
    """Lines at up to `most` + 1 round values within the limits, with plain numbers."""
    bottom, top = ax.get_ylim()
    values = MaxNLocator(most, steps=ROUND).tick_values(bottom, top)
    values = values[(values >= bottom) & (values <= top)]
    plain = ScalarFormatter(useOffset=False)
    plain.set_scientific(False)
    plain.set_axis(ax.yaxis)
    level = ax.get_yaxis_transform()
    ax.add_collection(
        LineCollection([[(0, y), (1, y)] for y in values], transform=level, **GRID_LINE),
        autolim=False,
    )
    look = {"ha": "right", "va": "center_baseline", "fontsize": size, **GRID_LABEL}
    for y, number in zip(values, plain.format_ticks(values), strict=True):
        ax.text(0, y, number, transform=level + in_points(ax, -TICK_PAD_PT, 0), **look)


def label_values(ax: Axes, text: str, **look: object) -> None:
    """Label of the values, at the same place on all axes."""
    ax.set_ylabel(text, **look)
    ax.yaxis.set_label_coords(-0.05, 0.5)


def time_axis(
    axes: Sequence[Axes], span: Span | None, zone: str | None, *, size: float = TICK_PT
) -> None:
    """Local time over exactly the span: lines on all axes, which share it, labels on the last.

    A small panel among others, without `zone`, leaves out what is the same in all of them.
    """
    last = axes[-1]
    if zone:
        last.set_xlabel(f"Time ({zone})", labelpad=size + 2 * TICK_PAD_PT)
    if span is None:
        last.set_xlim(0, 1)
        return
    last.set_xlim(span.start, span.end)
    locator = mdates.AutoDateLocator(minticks=6, maxticks=14)
    times = locator.tick_values(*mdates.num2date([span.start, span.end]))
    times = times[(times >= span.start) & (times <= span.end)]
    dates = mdates.ConciseDateFormatter(locator)
    labels = dates.format_ticks(times)
    upright_grid(axes, times, _with_years(times, labels) if zone else labels, size)


def _with_years(times: np.ndarray, labels: Sequence[str]) -> list[str]:
    """Labels of which the first, and the first of each year, say the year; of hours, the day."""
    found, shown = [], None
    is_of_hours = len(times) > 1 and min(np.diff(times)) < 1
    for moment, label in zip(mdates.num2date(times), labels, strict=True):
        year = f"{moment:%Y}"
        if year == shown or label == year:
            found.append(label)
        elif is_of_hours:
            found.append(f"{moment:%Y-%m-%d}" if "-" in label else f"{moment:%Y-%m-%d} {label}")
        else:
            month = f" {moment:%b}" if label == f"{moment:%d}" else ""
            found.append(f"{label}{month} {year}")
        shown = year
    return found


def upright_grid(
    axes: Sequence[Axes],
    places: Sequence[float],
    labels: Sequence[str],
    size: float = TICK_PT,
    *,
    has_lines: bool = True,
) -> dict:
    """Upright lines on all axes, which share x, and labels below the last; gives their look."""
    lines = [[(x, 0), (x, 1)] for x in places if has_lines]
    for ax in axes:
        upright = LineCollection(lines, transform=ax.get_xaxis_transform(), **GRID_LINE)
        ax.add_collection(upright, autolim=False)
    last = axes[-1]
    below = last.get_xaxis_transform() + in_points(last, 0, -TICK_PAD_PT)
    look = {"ha": "center", "va": "top", "fontsize": size, "transform": below, **GRID_LABEL}
    for x, label in zip(places, labels, strict=True):
        last.text(x, 0, label, **look)
    return look


def in_points(ax: Axes, right: float, up: float) -> Transform:
    """A shift in points."""
    return ScaledTranslation(right / 72, up / 72, ax.figure.dpi_scale_trans)


def mw_of(profile: DataFrame, column: str) -> np.ndarray:
    """Column as float (MW), shape (n,), unknown as NaN."""
    return profile[column].to_numpy(dtype=float, na_value=np.nan)


def days_of(frame: DataFrame, column: str) -> np.ndarray:
    """Naive local times as matplotlib date numbers (days), shape (n,)."""
    return mdates.date2num(frame[column].to_numpy(dtype="datetime64[us]"))


def clock_time(days: float) -> str:
    return mdates.num2date(days).strftime(TIME_FORMAT)


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes without ticks at a place in inches, from the left and from the top of the figure."""
    wide, high = figure.get_size_inches()
    place = (left / wide, 1 - (top + height) / high, width / wide, height / high)
    return figure.add_axes(place, **NO_TICKS)


def places_in_rows(
    count: int, columns: int, *, top: float, height: float, between: tuple[float, float]
) -> list[tuple[float, float, float, float]]:
    """Left, top, width, height (inches) of equal panels in rows; `between`: across and down."""
    width = (RIGHT - LEFT + between[0]) / columns - between[0]
    across, down = width + between[0], height + between[1]
    return [
        (LEFT + i % columns * across, top + i // columns * down, width, height)
        for i in range(count)
    ]


def heading(figure: Figure, top: float, words: str, note: str = "") -> None:
    """Bold words over a part of the figure, `top` inches from above, and a note after them."""
    look = {"va": "top", "parse_math": False, "color": DARK}
    y = 1 - top / figure.get_figheight()
    bold = figure.text(LEFT / WIDTH, y, words, weight="bold", fontsize=11, **look)
    after = {"xycoords": bold, "xytext": (10, 0), "textcoords": "offset points"}
    figure.add_artist(Annotation(note, (1, 1), fontsize=10, **after, **look))


def name_panel(ax: Axes, name: str, detail: str = "", *, size: float = 9) -> None:
    """Name above the left corner, a detail above the right one."""
    above = {"transform": ax.transAxes + in_points(ax, 0, 3), "va": "bottom", "parse_math": False}
    ax.text(0, 1, name, fontsize=size, color=DARK, **above)
    ax.text(1, 1, detail, ha="right", fontsize=LABEL_PT, color="#555555", **above)


def say_unknown(ax: Axes, words: str = NO_READINGS, *, size: float = 12) -> None:
    """Shade axes that have nothing to show, and say so."""
    ax.set_facecolor(GAP_FILL)
    centred = {"transform": ax.transAxes, "ha": "center", "va": "center"}
    ax.text(0.5, 0.5, words, fontsize=size, **centred)


def in_order(shown: int, count: int, order: str) -> str:
    """`12 of 200 feeders, those with ...`, or, if none is left out, `those with ... first`."""
    if shown < count:
        return f"{shown} of {count:,} feeders, those with {order}"
    return f"those with {order} first" if count > 1 else ""


def shortened(name: str, most: int) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}\u2026"


def in_digits(value: float) -> str:
    """Plain number with three digits that count, and all those before the point."""
    before = np.floor(np.log10(abs(value))) if value else 0
    return f"{value:,.{int(max(0, 2 - before))}f}"


def figure_key(figure: Figure, meanings: list[tuple], *, below: float = 0.56) -> None:
    """One row under the title, `below` the edge (inches): what is drawn, by handle and text."""
    handles, labels = zip(*meanings, strict=True)
    legend = figure.legend(
        handles,
        labels,
        loc="center left",
        bbox_to_anchor=(LEFT / WIDTH, 1 - below / figure.get_figheight()),
        ncols=len(labels),
        frameon=False,
        fontsize=9,
        borderaxespad=0,
        borderpad=0,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def part_of(shown: Sequence, all_of_it: Sequence, noun: str, which: str = "the last") -> str:
    """`the last 36 of 60 months`, empty if all are shown."""
    if len(shown) == len(all_of_it):
        return ""
    return f"{which} {len(shown)} of {len(all_of_it)} {noun}s"
