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
from matplotlib.ticker import MaxNLocator, ScalarFormatter
from matplotlib.transforms import ScaledTranslation, Transform
from pandas import DataFrame
from PIL import Image

DPI = 100
WIDTH = 14.0  # inches
BLUE, ORANGE, GREEN = sns.color_palette("colorblind", 3).as_hex()
DARK = "#222222"
GAP_FILL = "#f6e4f1"  # opaque, so that touching gaps do not add up
GAP_EDGE = "#d795ca"
GAP_EDGE_PT = 2 * 72 / DPI  # an outline of 2 px, so that a gap narrower than a pixel is still seen
NO_READINGS = "no readings in this span"
NET_LABELS = {"signed": "Net power (MW)", "gross": "Gross power (older 'net') (MW)"}
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


def time_axis(axes: Sequence[Axes], span: Span | None, zone: str, *, size: float = TICK_PT) -> None:
    """Local time over exactly the span: lines on all axes, which share it, labels on the last."""
    last = axes[-1]
    last.set_xlabel(f"Time ({zone})", labelpad=size + 2 * TICK_PAD_PT)
    if span is None:
        last.set_xlim(0, 1)
        return
    last.set_xlim(span.start, span.end)
    locator = mdates.AutoDateLocator(minticks=6, maxticks=14)
    times = locator.tick_values(*mdates.num2date([span.start, span.end]))
    times = times[(times >= span.start) & (times <= span.end)]
    lines = [[(x, 0), (x, 1)] for x in times]
    for ax in axes:
        upright = LineCollection(lines, transform=ax.get_xaxis_transform(), **GRID_LINE)
        ax.add_collection(upright, autolim=False)
    dates = mdates.ConciseDateFormatter(locator)
    below = last.get_xaxis_transform() + in_points(last, 0, -TICK_PAD_PT)
    look = {"ha": "center", "va": "top", "fontsize": size, "transform": below, **GRID_LABEL}
    for x, label in zip(times, dates.format_ticks(times), strict=True):
        last.text(x, 0, label, **look)
    lower = below + in_points(last, 0, -size - TICK_PAD_PT)
    year_or_day = dates.get_offset()  # what the labels leave out
    last.text(span.end, 0, year_or_day, **look | {"ha": "right", "transform": lower})


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
