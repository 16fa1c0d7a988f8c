"""Begin in a thread what a later step will do with the warehouse, while other steps go on."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Generic, TypeVar

import duckdb

from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace

Result = TypeVar("Result")


class Ahead(Generic[Result]):
    """One kind of such work. It only reads the warehouse, or a later run would find it open."""

    def __init__(self, work: Callable[[Workspace], Result]) -> None:
        self._work = work
        self._begun: dict[Path, tuple[tuple[int, int], Future[Result]]] = {}

    def begin(self, workspace: Workspace) -> None:
        """Start the work; its errors are those of `finish`."""
        worker = ThreadPoolExecutor(1)
        future = worker.submit(self._work, workspace)
        worker.shutdown(wait=False)
        self._begun[workspace.warehouse] = _state(workspace.warehouse), future

    def finish(self, workspace: Workspace) -> tuple[Result, bool]:
        """The result, and whether it is that of what was begun.

        It is made now if nothing was begun, or if the warehouse has changed since.
        """
        state, future = self._begun.pop(workspace.warehouse, (None, None))
        if future:
            result = future.result()
            if state == _state(workspace.warehouse):
                return result, True
        return self._work(workspace), False


def reading(
    work: Callable[[duckdb.DuckDBPyConnection, Workspace], Result],
) -> Callable[[Workspace], Result]:
    """The same work with a connection of its own."""

    def with_connection(workspace: Workspace) -> Result:
        with open_warehouse(workspace.warehouse, read_only=True) as con:
            return work(con, workspace)

    return with_connection


def _state(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
