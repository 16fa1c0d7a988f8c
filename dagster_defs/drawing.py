"""Draw pictures, many of them in processes of their own. Knows neither tables nor files.

Must not import DuckDB: a process that only draws would load it for nothing.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context, parent_process
from operator import call

# A process to draw in takes a second to start: fewer pictures than these are drawn in this one.
POOL_FROM = 24
MOST_PROCESSES = 8


def picture(plot: str, *data: object, **look: object) -> Callable[[], bytes]:
    """The task to draw with the function of that name in `plots`; gives a PNG."""
    return partial(_draw, plot, *data, **look)


def draw_all(pictures: list[Callable[[], bytes]]) -> Iterator[bytes]:
    """Draw all, in order."""
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if len(pictures) < POOL_FROM or processes == 1:
        yield from map(call, pictures)
        return
    spawn = get_context("spawn")  # nothing else works on Windows, or beside threads
    with ProcessPoolExecutor(processes, spawn, initializer=_end_with_the_run) as pool:
        yield from pool.map(call, pictures, chunksize=4)


def _draw(plot: str, *data: object, **look: object) -> bytes:
    # pandas and seaborn take a second to import; a run without pictures need not pay it
    from dagster_defs import plots
    from dagster_defs.picture_parts import to_png

    return to_png(getattr(plots, plot)(*data, **look))


def _end_with_the_run() -> None:
    """End this process when the run is killed, which could not tell it any more."""

    def wait() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
