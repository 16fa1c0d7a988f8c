"""What assets are given: the working directory, locked for the length of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import ConfigurableResource, InitResourceContext

from dagster_defs.pictures.drawing import DRAWERS
from ingest.workspace import Workspace


class WorkspaceResource(ConfigurableResource):
    """The root folder with `_dropbox/KW` and `meter-data.csv`; one run at a time writes in it."""

    root: str
    wait_seconds: float = 600

    @property
    def files(self) -> Workspace:
        return Workspace(Path(self.root).resolve())

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["WorkspaceResource"]:
        with self.files.locked(self.wait_seconds, context.log.warning):
            self.files.prepare()
            try:
                yield self
            finally:
                DRAWERS.end()
