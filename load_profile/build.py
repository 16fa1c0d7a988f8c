"""Build and test dbt's models on a root's warehouse. Knows dbt's options, not its events."""

from collections.abc import Iterator, Sequence

from ingest.workspace import Workspace
from load_profile.dbt import OWN_FOLDER, DbtProcess, read_manifest
from load_profile.dbt_results import CheckResult, TableBuilt, results_of
from load_profile.publish.version import checkpoint

# unit tests belong to the test command
BUILD = ("build", "--exclude-resource-type", "unit_test")


def build(
    workspace: Workspace, dbt: DbtProcess, options: Sequence[str] = ()
) -> Iterator[TableBuilt | CheckResult]:
    """Build the models that options select, all by default. Raises DbtError where one failed."""
    folder = ("--target-path", str(workspace.root / OWN_FOLDER))
    yield from results_of(dbt.run([*BUILD, *options, *folder]), read_manifest())
    checkpoint(workspace.warehouse)  # steps that only read cannot
