"""Draw plots as PNGs, many of them on all cores. Knows neither tables nor files.

Must not import DuckDB: a process that only draws would load it for nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context, parent_process
from types import ModuleType
from typing import NamedTuple

# A process takes a second to start: fewer plots are drawn in this one.
POOL_FROM = 24
MOST_PROCESSES = 8
_DRAWING = threading.Lock()  # matplotlib's settings are those of the whole process


class Task(NamedTuple):
    """A plot to draw: its module, and what the module's `draw` takes."""

    module: str
    arguments: dict[str, object]


def draw_all(tasks: Sequence[Task]) -> Iterator[bytes]:
    """Draw plots, many of them on all cores; yield their PNGs in order."""
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    if len(tasks) < POOL_FROM or processes == 1:
        yield from map(draw_png, tasks)
        return
    spawn = get_context("spawn")  # nothing else works on Windows, or beside threads
    with ProcessPoolExecutor(processes, spawn, initializer=_end_with_parent) as pool:
        yield from pool.map(draw_png, tasks, chunksize=4 if len(tasks) > 99 else 1)


def draw_png(task: Task) -> bytes:
    """Draw one plot."""
    # pandas and seaborn take a second to import; a run without plots need not pay it
    from load_profile.plots.axes import to_png

    with _DRAWING:
        return to_png(module_of(task.module).draw(**task.arguments))


def module_of(name: str) -> ModuleType:
    """Return the module of a plot."""
    return import_module(f"load_profile.plots.{name}")


def _end_with_parent() -> None:
    """End this process when the run is killed and cannot end it."""

    def wait() -> None:
        parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
