"""Show the steps of load_profile.steps as assets. Each does its own work; its time is its own."""

import logging
from collections.abc import Sequence, Set
from datetime import UTC, datetime

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MaterializeResult,
    asset,
    multi_asset,
)

from dagster_defs.complete_run import begin_complete_run
from dagster_defs.resources import WorkspaceResource
from load_profile.dagster_metadata import asset_key, values_metadata
from load_profile.last_run import finish
from load_profile.steps import RAW_TABLES, Run, Step, take_in

progress = logging.getLogger("load_profile.progress")
METER_DATA, CLOCK_DAYS, *_FILES = map(asset_key, RAW_TABLES)
RAW_SPECS = [
    AssetSpec(
        key=asset_key(name),
        skippable=True,
        group_name="raw",
        kinds={"python" if asset_key(name) == CLOCK_DAYS else "csv", "duckdb"},
        deps=[key for key in (METER_DATA, CLOCK_DAYS) if place > (key == CLOCK_DAYS)],
        description=description,
    )
    for place, (name, description) in enumerate(RAW_TABLES.items())
]


def raw_tables_of(every: Set[AssetKey], *, is_exported: bool = False) -> AssetsDefinition:
    """One step for all raw tables, so that no check comes between them and dbt starts once.

    `every` are the assets of a complete run; the tables are exported for Spark, which has none.
    """

    @multi_asset(specs=RAW_SPECS)
    def raw_tables(context: AssetExecutionContext, workspace: WorkspaceResource):
        """Read meter-data.csv, then take in the files of _dropbox/KW.

        A wrong meter-data.csv stops the run before anything is touched. Where a person asks for
        everything and nothing is new, this step makes nothing, and all others are skipped.
        """
        if not is_exported and not begin_complete_run(context, workspace.files, every):
            context.log.info("Nothing new since the last run: no file changed. Steps are skipped.")
            return
        for name, values in take_in(_run(context, workspace), is_exported=is_exported).items():
            yield MaterializeResult(asset_key=asset_key(name), metadata=values_metadata(values))

    return raw_tables


def asset_of(step: Step, needs: Sequence[str], description: str) -> AssetsDefinition:
    """The asset of a step after dbt."""

    @asset(
        name=step.name,
        group_name=step.group,
        kinds=set(step.kinds),
        deps=[asset_key(name) for name in needs],
        description=step.description or description,
    )
    def output(context: AssetExecutionContext, workspace: WorkspaceResource) -> MaterializeResult:
        progress.info(step.progress)
        values = step.values(_run(context, workspace))
        if step.is_last:
            finish(workspace.files, context.run.run_id)
        return MaterializeResult(metadata=values_metadata(values))

    return output


def _run(context: AssetExecutionContext, workspace: WorkspaceResource) -> Run:
    record = context.instance.get_run_record_by_id(context.run.run_id)
    started = datetime.fromtimestamp(record.start_time, UTC).replace(tzinfo=None)
    return Run(workspace.files, started)
