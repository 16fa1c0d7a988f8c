"""What plots share: style, places, title, key, limits, the time axis, PNG. Knows no plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from io import BytesIO
from typing import NamedTuple

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, MaxNLocator
from pandas import DataFrame
from PIL import Image

from load_profile.plots.theme import (
    DARK,
    DPI,
    GAP_FILL,
    HEADING_PT,
    LABEL_PT,
    LEFT,
    NO_READINGS,
    RIGHT,
    SOFT,
    TEXT_PT,
    TITLE_PT,
    WIDTH,
)
from load_profile.shown import ISO, MEGA, Dates, Unit, unit_for

ZERO_LINE_ZORDER, GAP_ZORDER = 0.7, 0.8  # above the grid (0.5), below bands and lines
TICK_PT = 10
# A `$` in a feeder's name is a `$`, not mathematics.
STYLE = sns.axes_style("whitegrid", {"axes.edgecolor": "#bbbbbb", "text.color": DARK}) | {
    "text.parse_math": False,
    "axes.axisbelow": True,
    "axes.labelcolor": DARK,
    "axes.labelsize": TICK_PT,
    "axes.titlesize": TEXT_PT,
    "axes.titlepad": 3,
    "axes.titley": 1.0,  # else matplotlib measures all labels to find the place
    "xtick.color": DARK,
    "ytick.color": DARK,
    "xtick.labelsize": TICK_PT,
    "ytick.labelsize": TICK_PT,
    "legend.fontsize": TEXT_PT,
    "legend.frameon": False,
    "legend.borderaxespad": 0,
    "legend.borderpad": 0.2,
}


class Span(NamedTuple):
    """A span of local time in matplotlib's date numbers (days)."""

    start: float
    end: float

    def in_words(self, dates: Dates) -> str:
        return f"{clock_time(self.start, dates)} - {clock_time(self.end, dates)}"


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Draw with the style of all plots."""

    @wraps(draw)
    def with_style(*data: object, **look: object) -> Figure:
        with mpl.rc_context(STYLE):
            return draw(*data, **look)

    return with_style


def to_png(figure: Figure) -> bytes:
    """Return a PNG at 100 dpi; equal figures give equal bytes (no version, no date).

    256 colours: no eye sees the difference, and it is a third of the bytes in half the time.
    """
    canvas = FigureCanvasAgg(figure)
    with mpl.rc_context(STYLE):  # ticks are made as late as here
        canvas.draw()
    size = canvas.get_width_height()
    opaque = Image.frombuffer("RGBA", size, canvas.buffer_rgba(), "raw", "RGBA", 0, 1)
    buffer = BytesIO()
    opaque.convert("RGB").quantize(256, Image.Quantize.FASTOCTREE).save(
        buffer, format="png", compress_level=3, dpi=(DPI, DPI)
    )
    return buffer.getvalue()


def figure_of(height: float, title: str) -> Figure:
    """Return a figure of a height (inches) with its title at the upper left."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    look = {"ha": "left", "va": "top", "fontsize": TITLE_PT, "weight": "bold"}
    figure.suptitle(title, x=LEFT / WIDTH, y=1 - 0.12 / height, **look)
    return figure


def figure_key(figure: Figure, meanings: Sequence[tuple], *, below: float = 0.56) -> None:
    """Explain what is drawn in one row `below` the edge (inches).

    Each meaning is a text and before it an artist, or the look of a patch.
    """
    handles, labels = zip(*meanings, strict=True)
    handles = [Patch(**look) if isinstance(look, dict) else look for look in handles]
    place = LEFT / WIDTH, 1 - below / figure.get_figheight()
    figure.legend(handles, labels, loc="center left", bbox_to_anchor=place, ncols=len(labels))


def heading(figure: Figure, top: float, words: str, note: str = "") -> None:
    """Write bold words over a section, `top` inches below the edge, and a note after them."""
    y = 1 - top / figure.get_figheight()
    bold = figure.text(LEFT / WIDTH, y, words, weight="bold", fontsize=HEADING_PT, va="top")
    after = {"xycoords": bold, "xytext": (10, 0), "textcoords": "offset points", "va": "top"}
    figure.add_artist(Annotation(note, (1, 1), fontsize=TICK_PT, **after))


def axes_at(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Return axes at a place in inches, from the left and from the top of the figure."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, 1 - (top + height) / high, width / wide, height / high))


def panels(
    figure: Figure,
    count: int,
    columns: int,
    *,
    top: float,
    height: float,
    between: tuple[float, float],
    right: float = RIGHT,
) -> list[Axes]:
    """Return equal axes in rows of `columns`; `between` them is room across and down (inches)."""
    width = (right - LEFT + between[0]) / columns - between[0]
    across, down = width + between[0], height + between[1]
    return [
        axes_at(figure, LEFT + i % columns * across, top + i // columns * down, width, height)
        for i in range(count)
    ]


def name_panel(ax: Axes, name: str, detail: str = "", *, size: float = TEXT_PT) -> None:
    """Write a name above the left corner and a detail above the right one."""
    ax.set_title(name, loc="left", fontsize=size)
    ax.set_title(detail, loc="right", fontsize=LABEL_PT, color=SOFT)


def show_unknown(ax: Axes, words: str = NO_READINGS, *, size: float = 12) -> None:
    """Shade axes that have nothing to show, and write why."""
    ax.set(facecolor=GAP_FILL, xticks=[], yticks=[])
    write_centred(ax, words, size=size)


def write_centred(ax: Axes, words: str, *, size: float = 12) -> None:
    """Write words in the middle of the axes."""
    ground = {"facecolor": GAP_FILL, "edgecolor": "none"}
    look = {"ha": "center", "va": "center", "bbox": ground, "transform": ax.transAxes}
    ax.text(0.5, 0.5, words, fontsize=size, **look)


def power_axis(
    ax: Axes,
    *values: np.ndarray,
    unit: Unit = MEGA,
    ticks: int = 9,
    size: float = TICK_PT,
) -> None:
    """Set limits (MW) around all values and zero, -1 to 1 for zero alone; draw the zero line.

    Ticks are labelled in the unit.

    The zero line is under the shading of gaps: nothing there could be read as a value.
    """
    known = np.concatenate([[0.0], *(some[np.isfinite(some)] for some in values)])
    bottom, top = known.min(), known.max()
    margin = 0.06 * (top - bottom) or 1.0
    ax.set_ylim(bottom - margin, top + margin)
    ax.axhline(0, color=DARK, linewidth=0.8, zorder=ZERO_LINE_ZORDER)
    ax.yaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 4, 5, 10]))
    ax.yaxis.set_major_formatter(in_unit(unit))
    ax.tick_params(labelsize=size)


def in_unit(unit: Unit) -> FuncFormatter:
    """Return what labels MW in another unit."""
    return FuncFormatter(lambda value, _: f"{unit.of(value):,.10g}")


def unit_of(*values: np.ndarray) -> Unit:
    """Return the unit that suits all known values (MW)."""
    known = [some[np.isfinite(some)] for some in values]
    return unit_for(float(np.abs(some).max()) for some in known if len(some))


def label_values(ax: Axes, text: str, *, left: float = 0.64, **look: object) -> None:
    """Label the values, `left` inches from the axes: at one place on all axes of a figure."""
    ax.set_ylabel(text, **look)
    ax.yaxis.set_label_coords(-left / (ax.get_position().width * WIDTH), 0.5)


def time_axis(
    ax: Axes,
    span: Span | None,
    zone: str | None,
    *,
    size: float = TICK_PT,
    dates: Dates = ISO,
) -> None:
    """Set local time over exactly the span; a small panel, without `zone`, leaves out the year."""
    ax.tick_params(axis="x", labelsize=size)
    if zone:
        ax.set_xlabel(f"Time ({zone})")
    if span is None:
        ax.set(xlim=(0, 1), xticks=[])
        return
    ax.set_xlim(span)
    locator = mdates.AutoDateLocator(minticks=4, maxticks=12 if zone else 7)
    ax.xaxis.set_major_locator(locator)
    day, minute = dates.day_format, dates.minute_format
    # below the axis: what its labels leave out, if they are years, months, days, hours and less
    offsets = ["", "%Y", "%Y", day, day, minute]
    ax.xaxis.set_major_formatter(
        mdates.ConciseDateFormatter(locator, offset_formats=offsets, show_offset=bool(zone))
    )
    ax.xaxis.get_offset_text().set_fontsize(size)


def numbers(frame: DataFrame, column: str) -> np.ndarray:
    """Return a column as floats, unknown as NaN."""
    return frame[column].to_numpy(dtype=float, na_value=np.nan)


def date_numbers(frame: DataFrame, column: str) -> np.ndarray:
    """Return naive local times as matplotlib's date numbers (days)."""
    return mdates.date2num(frame[column].to_numpy(dtype="datetime64[us]"))


def clock_time(days: float, dates: Dates) -> str:
    """Return a date number as a time in words."""
    return dates.minute(mdates.num2date(days))
