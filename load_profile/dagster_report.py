"""Report what the command does to Dagster, by runless asset events, in a thread of its own.

Dagster's page then shows the latest tables, files, plots and checks, whoever made them; the command
itself is not among the page's runs. Imports Dagster only when there is something to report.
"""

import threading
from contextlib import AbstractContextManager
from queue import SimpleQueue

from ingest.settings import read_settings
from ingest.workspace import Workspace
from load_profile.dagster_home import dagster_home
from load_profile.dbt_results import CheckResult, TableBuilt
from load_profile.steps import Values

Item = TableBuilt | CheckResult | tuple[str, Values]


class Reporter(AbstractContextManager):
    """Reports in the order of `put`; a failure to report never fails a run."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._items: SimpleQueue[Item | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._failure = ""

    def __enter__(self) -> "Reporter":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.finish()

    def put(self, item: Item) -> None:
        """Have a table, a check, or an asset with a step's values reported."""
        self._items.put(item)

    def finish(self) -> list[str]:
        """Wait until all is reported; return what could not be."""
        self._items.put(None)
        self._thread.join()
        return [self._failure] if self._failure else []

    def _work(self) -> None:
        item = self._items.get()
        if item is None:
            return
        try:
            self._report(item)
        except Exception as error:  # whatever a damaged database or a full disk brings
            self._failure = f"Dagster's page does not show all of this run: {error}"

    def _report(self, item: Item | None) -> None:
        from dagster import AssetCheckEvaluation, AssetMaterialization, DagsterInstance

        from load_profile.dagster_history import prune_events, prune_runs
        from load_profile.dagster_metadata import (
            asset_key,
            check_arguments,
            table_metadata,
            values_metadata,
        )

        keep = read_settings(self._workspace.settings).keep_runs
        with DagsterInstance.from_config(str(dagster_home(self._workspace))) as instance:
            prune_runs(instance, keep)
            prune_events(instance, keep)
            while item is not None:
                if isinstance(item, CheckResult):
                    event = AssetCheckEvaluation(**check_arguments(item))
                elif isinstance(item, TableBuilt):
                    event = AssetMaterialization(item.name, metadata=table_metadata(item))
                else:
                    name, values = item
                    event = AssetMaterialization(asset_key(name), metadata=values_metadata(values))
                instance.report_runless_asset_event(event)
                item = self._items.get()
