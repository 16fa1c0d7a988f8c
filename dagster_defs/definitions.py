"""Put the parts together for Dagster. Decides nothing."""

import os
from pathlib import Path

from dagster import Definitions

from dagster_defs.assets import (
    gap_files,
    monthly_file,
    net_load_plot,
    planner_plots,
    profile_files,
    published,
    raw_tables,
    recent_readings,
    report,
)
from dagster_defs.automation import automation_for, every_morning, everything, new_files
from dagster_defs.dbt import EXECUTABLE, TARGET, LeanDbtResource, dbt_models
from dagster_defs.resources import (
    fixed_resource,
    no_values,
    one_after_another,
    workspace_resource,
)
from ingest.workspace import workspace_at
from load_profile.dbt import PROJECT

WORKSPACE = workspace_at(Path(os.environ.get("LOAD_PROFILE_ROOT", ".")))
ROOT = str(WORKSPACE.root)
# dbt runs as a process of its own and finds the root there
os.environ["LOAD_PROFILE_ROOT"] = ROOT

if TARGET == "spark":
    from dagster_defs import spark

    # files, plots and the report are of a warehouse on this machine
    shown = {
        "assets": [raw_tables, spark.dbt_months, spark.dbt_models],
        "jobs": [everything, *spark.JOBS],
    }
else:
    shown = {
        "assets": [
            raw_tables,
            dbt_models,
            profile_files,
            gap_files,
            monthly_file,
            net_load_plot,
            planner_plots,
            published,
            report,
        ],
        "asset_checks": [recent_readings],
        "jobs": [everything, new_files],
        "schedules": [every_morning],
        "sensors": automation_for(WORKSPACE),
    }

defs = Definitions(
    **shown,
    resources={
        "workspace": workspace_resource(WORKSPACE),
        "dbt": fixed_resource(
            LeanDbtResource(
                project_dir=str(PROJECT),
                profiles_dir=str(PROJECT),
                dbt_executable=EXECUTABLE,
                target=TARGET,
            )
        ),
        "io_manager": no_values,
    },
    executor=one_after_another,
)
