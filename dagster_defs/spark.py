"""The models on Apache Spark, for Dagster: what has months month by month, so that these run apart.

Shown in place of the models on DuckDB where LOAD_PROFILE_TARGET is `spark`; docs/scale.md says how
to run it. LOAD_PROFILE_FIRST_MONTH is the first partition.

Models with months and models that look at all of them take turns: one needs the other complete. So
there is a job for each turn, and one for everything in a month, when the others are there.
"""

import json
import os
from collections.abc import Mapping
from functools import cache

from dagster import (
    AssetExecutionContext,
    AssetSelection,
    MonthlyPartitionsDefinition,
    ResourceParam,
    define_asset_job,
)

from dagster_defs.dbt import (
    MANIFEST,
    TRANSLATOR,
    DbtConfig,
    DescribedChecks,
    LeanDbtResource,
    begin_build,
    dbt_assets,
    events_of,
)
from dagster_defs.resources import WorkspaceResource

FIRST_MONTH = os.environ.get("LOAD_PROFILE_FIRST_MONTH", "2018-01-01")
NODES: Mapping[str, Mapping] = json.loads(MANIFEST.read_bytes())["nodes"]


def _has_months(name: str) -> bool:
    """Whether a model is a table of UTC months, see macros/replace_parts_spark.sql."""
    return bool(NODES[name]["config"].get("part_time"))


@cache
def _turn(name: str) -> int:
    """When a model or seed is made: even turns look at all months, odd ones have months."""
    turn = int(_has_months(name))
    for parent in NODES[name]["depends_on"].get("nodes", []):
        if parent in NODES:
            turn = max(turn, _turn(parent) + (_has_months(parent) != _has_months(name)))
    return turn


TURNS: dict[int, list[str]] = {}
for node in NODES.values():
    is_asset = node["resource_type"] in ("model", "seed")
    if is_asset and node["config"]["materialized"] != "ephemeral":
        TURNS.setdefault(_turn(node["unique_id"]), []).append(node["name"])
BY_MONTH = " ".join(sorted(name for turn in TURNS if turn % 2 for name in TURNS[turn]))


@dbt_assets(
    manifest=MANIFEST,
    name="dbt_months",
    select=BY_MONTH,
    partitions_def=MonthlyPartitionsDefinition(start_date=FIRST_MONTH, end_offset=1),
    dagster_dbt_translator=DescribedChecks(),  # tests of sources are checks of the other
)
def dbt_months(
    context: AssetExecutionContext,
    dbt: ResourceParam[LeanDbtResource],
    workspace: WorkspaceResource,
    config: DbtConfig,
):
    """Build and test one UTC month; others may be built at the same time."""
    variables = {**config.vars.given(), "month": context.partition_key}
    yield from events_of(begin_build(context, dbt, workspace, variables), context)


@dbt_assets(
    manifest=MANIFEST, name="dbt_models", exclude=BY_MONTH, dagster_dbt_translator=TRANSLATOR
)
def dbt_models(
    context: AssetExecutionContext,
    dbt: ResourceParam[LeanDbtResource],
    workspace: WorkspaceResource,
    config: DbtConfig,
):
    """Build and test what looks at all months."""
    yield from events_of(begin_build(context, dbt, workspace, config.vars.given()), context)


JOBS = [
    define_asset_job(
        f"turn_{turn + 1}_{'months' if turn % 2 else 'tables'}",
        selection=AssetSelection.assets(*sorted(names))
        | (AssetSelection.groups("raw") if turn == 0 else AssetSelection.assets()),
        description="Months of these models, each apart."
        if turn % 2
        else "Models that look at all months"
        + (", after new files are in and exported." if turn == 0 else "."),
    )
    for turn, names in sorted(TURNS.items())
]
