"""What assets are given: the root, locked for the length of a run.

Nothing of it can be set when a run is launched: a run config that names a program, a path or a
module is refused (docs/security.md). So it is a plain object in a resource without a schema.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dagster import (
    ExecutorDefinition,
    InitResourceContext,
    InMemoryIOManager,
    IOManagerDefinition,
    ResourceDefinition,
    ResourceParam,
    in_process_executor,
)

from ingest.settings import read_settings
from ingest.workspace import Workspace
from load_profile.dagster_history import prune_runs


@dataclass(frozen=True)
class LockedWorkspace:
    """The root folder with `_dropbox/KW` and `meter-data.csv`; one run at a time writes in it."""

    files: Workspace


WorkspaceResource = ResourceParam[LockedWorkspace]  # what an asset asks for


def workspace_resource(workspace: Workspace, wait_seconds: float = 600) -> ResourceDefinition:
    """The root, prepared and locked as long as steps use it."""

    def locked(context: InitResourceContext) -> Iterator[LockedWorkspace]:
        with workspace.locked(wait_seconds, context.log.warning):
            workspace.prepare()
            _keep_latest_runs(workspace, context)
            yield LockedWorkspace(workspace)

    return ResourceDefinition(locked, config_schema={}, description=LockedWorkspace.__doc__)


def _keep_latest_runs(workspace: Workspace, context: InitResourceContext) -> None:
    """Delete older runs of the page's history; that this fails is no reason to stop a run."""
    keep = read_settings(workspace.settings).keep_runs
    try:
        prune_runs(context.instance, keep)
    except Exception as error:
        context.log.warning(f"Older runs were not deleted: {error}")


# no asset hands a value to another; Dagster's own would take a folder from the run config
no_values = IOManagerDefinition(
    lambda _: InMemoryIOManager(), config_schema={}, description="Assets hand no values on."
)
one_after_another: ExecutorDefinition = in_process_executor.configured(
    lambda _: {"retries": {"enabled": {}}}, name="one_after_another", config_schema={}
)
