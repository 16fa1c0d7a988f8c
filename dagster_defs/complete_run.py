"""Tell complete runs of Dagster's page from others: whether they have anything to do."""

from collections.abc import Set

from dagster import AssetExecutionContext, AssetKey

from dagster_defs.automation import is_regular
from dagster_defs.dbt import DbtVariables
from ingest.workspace import Workspace
from load_profile.last_run import begin, is_anything_new
from load_profile.steps import STEPS


def begin_complete_run(
    context: AssetExecutionContext, files: Workspace, every: Set[AssetKey]
) -> bool:
    """Whether a run has anything to do; notes what a complete one is made from.

    `every` are the assets of a complete run, in which only plots may be missing. A regular run
    always goes on, for a check counts from today; so does a run of a selection, of which nothing is
    noted.
    """
    run = context.run
    missing = every - context.job_def.asset_layer.executable_asset_keys
    if missing - {AssetKey(step.name) for step in STEPS if step.is_plot}:
        return True
    with_plots = not missing
    config = run.run_config.get("ops", {}).get("dbt_models", {}).get("config", {})
    variables = DbtVariables(**config.get("vars", {})).given()
    if not is_regular(run) and not is_anything_new(files, variables, with_plots):
        return False
    begin(files, run.run_id, variables, with_plots)
    return True
