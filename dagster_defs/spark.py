"""The models on Apache Spark, for Dagster: what has months month by month, so that these run apart.

Shown in place of the models on DuckDB where LOAD_PROFILE_TARGET is `spark`; docs/scale.md says how
to run it. LOAD_PROFILE_FIRST_MONTH is the first partition.
"""

import json
import os

from dagster import AssetExecutionContext, MonthlyPartitionsDefinition

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
# every model with `part_time` is a table of UTC months, see macros/replace_parts_spark.sql
BY_MONTH = " ".join(
    sorted(
        node["name"]
        for node in json.loads(MANIFEST.read_bytes())["nodes"].values()
        if node["config"].get("part_time")
    )
)


@dbt_assets(
    manifest=MANIFEST,
    name="dbt_months",
    select=BY_MONTH,
    partitions_def=MonthlyPartitionsDefinition(start_date=FIRST_MONTH, end_offset=1),
    dagster_dbt_translator=DescribedChecks(),  # tests of sources are checks of the other
)
def dbt_months(
    context: AssetExecutionContext,
    dbt: LeanDbtResource,
    workspace: WorkspaceResource,
    config: DbtConfig,
):
    """Build and test one UTC month; others may be built at the same time."""
    variables = {**config.vars, "month": context.partition_key}
    yield from events_of(begin_build(context, dbt, workspace, variables), context)


@dbt_assets(
    manifest=MANIFEST, name="dbt_models", exclude=BY_MONTH, dagster_dbt_translator=TRANSLATOR
)
def dbt_models(
    context: AssetExecutionContext,
    dbt: LeanDbtResource,
    workspace: WorkspaceResource,
    config: DbtConfig,
):
    """Build and test what looks at all months."""
    yield from events_of(begin_build(context, dbt, workspace, config.vars), context)
