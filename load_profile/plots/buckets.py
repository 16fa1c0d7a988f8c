"""Turn buckets of a series into the points of a step line. Knows arrays, draws nothing."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Buckets:
    """Bucket edges, shape (n,); `joined` (n - 1,): meets the next bucket.

    Edges are date numbers (days) in plots and milliseconds in Bokeh's charts.
    """

    starts: np.ndarray
    ends: np.ndarray
    joined: np.ndarray

    def outline(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x and y of a step line over values (n,), NaN where two buckets do not meet."""
        breaks = 2 * (np.flatnonzero(~self.joined) + 1)
        x = np.column_stack([self.starts, self.ends]).ravel()
        return np.insert(x, breaks, x[breaks - 1]), np.insert(np.repeat(values, 2), breaks, np.nan)

    def alone(self, values: np.ndarray) -> np.ndarray:
        """Mask (n,) of the buckets that have a value while neither neighbour does."""
        known = np.isfinite(values)
        linked = self.joined & known[1:] & known[:-1]
        return known & ~np.append(linked, False) & ~np.insert(linked, 0, False)

    @property
    def width_in_words(self) -> str:
        """`per 2 h`: the typical width, of edges in days."""
        return width_in_words(round(float(np.median(self.ends - self.starts)) * 24 * 60))


def width_in_words(minutes: int) -> str:
    """`per 2 h`: the width of a bucket."""
    if minutes < 120:
        return f"per {minutes} min"
    return f"per {minutes / 60:.3g} h" if minutes < 2880 else f"per {minutes / 1440:.3g} days"
