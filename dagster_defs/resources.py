"""What assets are given: the working directory, locked for the length of a run."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dagster import ConfigurableResource, InitResourceContext

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

        def say(text: str) -> None:
            context.log.warning(text)
            logging.getLogger("load_profile.progress").info(text)

        with self.files.locked(self.wait_seconds, say):
            self.files.prepare()
            yield self
