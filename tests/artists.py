"""What a figure of the planner's plots shows, as its artists have it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle


def texts(figure: Figure) -> list[str]:
    """Every text, with those of titles and ticks."""
    found = [*figure.texts, *(a for a in figure.artists if hasattr(a, "get_text"))]
    found += [text for legend in figure.legends for text in legend.get_texts()]
    for ax in figure.axes:
        for part in (ax, *ax.child_axes):
            found += [*part.texts, *part.get_yticklabels()]
    titles = [ax.get_title(loc=place) for ax in figure.axes for place in ("left", "right")]
    return [text.get_text() for text in found] + titles


def meshes(ax: Axes) -> list[QuadMesh]:
    """The cells of the axes: values, and then gaps and values left out of peaks, if any."""
    return [artist for artist in ax.collections if isinstance(artist, QuadMesh)]


def array(ax: Axes, place: int = 0) -> np.ndarray:
    """What the cells of the axes show, NaN where nothing."""
    return np.ma.filled(meshes(ax)[place].get_array().astype(float), np.nan)


def panels(figure: Figure) -> list[Axes]:
    """Axes with cells."""
    return [ax for ax in figure.axes if meshes(ax)]


def bars(ax: Axes, gid: str = "value") -> list[Rectangle]:
    return [bar for bar in ax.patches if bar.get_gid() == gid]
