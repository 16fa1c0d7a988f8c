"""Draw pictures, on all cores. Knows neither tables nor files.

Must not import DuckDB: a process that only draws would load it for nothing.
"""

import atexit
import importlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context, parent_process
from operator import call

# A process to draw in takes a second to start: fewer pictures than these are drawn in this one,
# unless processes have been started already.
POOL_FROM = 24
MOST_PROCESSES = 8
# these import what takes the second
MODULES = ("load_profile.plots.plots", "load_profile.plots.planner_plots")


def picture(plot: str, *data: object, **look: object) -> Callable[[], bytes]:
    """The task to draw with a function, named as `module.function`; gives a PNG."""
    return partial(_draw, plot, *data, **look)


class Drawers:
    """Processes that draw, started when they are needed, or ahead of that by `start`."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def start(self) -> None:
        """Start one process a core, each of which imports what drawing needs, and do not wait."""
        processes = min(os.cpu_count() or 1, MOST_PROCESSES)
        if self._pool is None and processes > 1:
            spawn = get_context("spawn")  # nothing else works on Windows, or beside threads
            self._pool = ProcessPoolExecutor(processes, spawn, initializer=_prepare)
            for _ in range(processes):
                self._pool.submit(os.getpid)

    def draw(self, pictures: list[Callable[[], bytes]]) -> Iterator[bytes]:
        """Draw all, in order."""
        if len(pictures) >= POOL_FROM:
            self.start()
        if self._pool is None:
            for drawn in pictures:
                with _ALONE:
                    png = drawn()
                yield png
            return
        try:
            yield from self._pool.map(call, pictures, chunksize=4 if len(pictures) > 99 else 1)
        except BrokenProcessPool:
            self._pool = None
            raise

    def end(self) -> None:
        """End the processes; one that has started some would wait for them before it ends."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


DRAWERS = Drawers()
_ALONE = threading.Lock()  # matplotlib's settings are those of the whole process


def _draw(plot: str, *data: object, **look: object) -> bytes:
    # pandas and seaborn take a second to import; a run without pictures need not pay it
    from load_profile.plots.picture_parts import to_png

    module, function = plot.split(".")
    drawn_by = importlib.import_module(f"load_profile.plots.{module}")
    return to_png(getattr(drawn_by, function)(*data, **look))


def _prepare() -> None:
    """Import ahead, and end this process when the run is killed, which could not tell it then."""

    def wait() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
    atexit.register(os._exit, 0)  # to take all modules apart would cost a sixth of a second
    if hasattr(os, "nice"):
        os.nice(10)  # dbt is at work meanwhile, and all waits for it
    for module in MODULES:
        importlib.import_module(module)
