"""Put the parts together for Dagster. Decides nothing."""

import os
from pathlib import Path

from dagster import Definitions

from dagster_defs import dbt, spark
from dagster_defs.assets import asset_of, raw_tables_of
from dagster_defs.automation import automation_for, every_morning, everything, new_files
from dagster_defs.resources import no_values, one_after_another, workspace_resource
from ingest.workspace import Workspace, workspace_at
from load_profile.dagster_metadata import asset_key
from load_profile.dbt import DUCKDB, read_manifest
from load_profile.selection import descriptions_of_steps, graph_of, needs_of_steps
from load_profile.steps import STEPS

FIRST_MONTH = "2018-01-01"


def build_definitions(
    root: Path, target: str = DUCKDB, first_month: str = FIRST_MONTH
) -> Definitions:
    """What Dagster shows of a root, with the models on DuckDB or, by months, on Spark."""
    if target not in (DUCKDB, spark.SPARK):
        raise ValueError(f"LOAD_PROFILE_TARGET is {target!r}; allowed are duckdb and spark")
    workspace = workspace_at(root)
    shown = _on_spark(first_month) if target == spark.SPARK else _on_duckdb(workspace)
    return Definitions(
        **shown,
        resources={"workspace": workspace_resource(workspace), "io_manager": no_values},
        executor=one_after_another,
    )


def _on_duckdb(workspace: Workspace) -> dict[str, list]:
    manifest = read_manifest()
    needs, exposed = needs_of_steps(manifest), descriptions_of_steps(manifest)
    every = {asset_key(name) for name in graph_of(manifest).parents}
    outputs = [asset_of(step, needs[step.name], exposed.get(step.name, "")) for step in STEPS]
    return {
        "assets": [raw_tables_of(every), dbt.models_of(manifest), *outputs],
        "jobs": [everything, new_files],
        "schedules": [every_morning],
        "sensors": automation_for(workspace),
    }


def _on_spark(first_month: str) -> dict[str, list]:
    """Files, plots and the report are of a warehouse on this machine: they are not shown."""
    manifest = read_manifest()
    return {
        "assets": [
            raw_tables_of(frozenset(), is_exported=True),
            *spark.models_of(manifest, first_month),
        ],
        "jobs": [everything, *spark.jobs_of(manifest)],
    }


defs = build_definitions(
    Path(os.environ.get("LOAD_PROFILE_ROOT", ".")),
    os.environ.get("LOAD_PROFILE_TARGET") or DUCKDB,
    os.environ.get("LOAD_PROFILE_FIRST_MONTH", FIRST_MONTH),
)
