"""The models on Apache Spark, for Dagster: what has months month by month, so that these run apart.

Shown in place of the models on DuckDB where LOAD_PROFILE_TARGET is `spark`; docs/scale.md describes
how to run it. Models with months and models that look at all of them take turns: one needs the
other complete. So there is a job for each turn, and one for everything in a month, when the others
are there.
"""

from collections.abc import Mapping
from functools import cache

from dagster import (
    AssetExecutionContext,
    AssetsDefinition,
    AssetSelection,
    MonthlyPartitionsDefinition,
    define_asset_job,
)
from dagster_dbt import dbt_assets

from dagster_defs.dbt import TRANSLATOR, DbtConfig, DescribedChecks, build_models, selection
from dagster_defs.resources import WorkspaceResource

SPARK = "spark"


def turns_of(manifest: Mapping) -> dict[int, list[str]]:
    """Names of models and seeds by turn: even turns look at all months, odd ones have months."""
    nodes: Mapping[str, Mapping] = manifest["nodes"]

    def has_months(name: str) -> bool:
        """Whether a model is a table of UTC months, see macros/replace_parts_spark.sql."""
        return bool(nodes[name]["config"].get("part_time"))

    @cache
    def turn_of(name: str) -> int:
        turn = int(has_months(name))
        for parent in nodes[name]["depends_on"].get("nodes", []):
            if parent in nodes:
                turn = max(turn, turn_of(parent) + (has_months(parent) != has_months(name)))
        return turn

    turns: dict[int, list[str]] = {}
    for node in nodes.values():
        is_asset = node["resource_type"] in ("model", "seed")
        if is_asset and node["config"]["materialized"] != "ephemeral":
            turns.setdefault(turn_of(node["unique_id"]), []).append(node["name"])
    return turns


def models_of(manifest: Mapping, first_month: str) -> list[AssetsDefinition]:
    """Models with months, partitioned from the first month on, and models without."""
    turns = turns_of(manifest)
    by_month = " ".join(sorted(name for turn in turns if turn % 2 for name in turns[turn]))

    @dbt_assets(
        manifest=manifest,
        name="dbt_months",
        select=by_month,
        partitions_def=MonthlyPartitionsDefinition(start_date=first_month, end_offset=1),
        dagster_dbt_translator=DescribedChecks(),  # tests of sources are checks of the other
    )
    def dbt_months(context: AssetExecutionContext, workspace: WorkspaceResource, config: DbtConfig):
        """Build and test one UTC month; others may be built at the same time."""
        variables = {**config.vars.given(), "month": context.partition_key}
        options = selection(context, "buildable")
        yield from build_models(context, workspace, variables, options, SPARK)

    @dbt_assets(
        manifest=manifest, name="dbt_models", exclude=by_month, dagster_dbt_translator=TRANSLATOR
    )
    def dbt_models(context: AssetExecutionContext, workspace: WorkspaceResource, config: DbtConfig):
        """Build and test what looks at all months, but for tests of tables of later turns."""
        raw = [k.name for k in context.selected_asset_check_keys if len(k.asset_key.path) > 1]
        options = selection(context, "buildable", *raw)
        yield from build_models(context, workspace, config.vars.given(), options, SPARK)

    return [dbt_months, dbt_models]


def jobs_of(manifest: Mapping) -> list:
    """A job for each turn."""
    return [_job(turn, names) for turn, names in sorted(turns_of(manifest).items())]


def _job(turn: int, names: list[str]):
    selected = AssetSelection.assets(*sorted(names))
    description = "Months of these models, each apart." if turn % 2 else "Models of all months."
    if turn == 0:
        selected |= AssetSelection.groups("raw")
        description = "Models of all months, after new files are in and exported."
    kind = "months" if turn % 2 else "tables"
    return define_asset_job(f"turn_{turn + 1}_{kind}", selected, description=description)
