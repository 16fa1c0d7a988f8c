"""Show the dbt project to Dagster: its models as assets, its tests as checks. Runs load_profile's
dbt process; what dbt reports is read by load_profile.dbt_results.
"""

import itertools
import logging
from collections.abc import Iterator, Mapping, Sequence

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetExecutionContext,
    AssetsDefinition,
    Config,
    MaterializeResult,
)
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from pydantic import model_validator

from dagster_defs.automation import is_regular
from dagster_defs.resources import LockedWorkspace, WorkspaceResource
from load_profile.build import build
from load_profile.dagster_metadata import check_arguments, table_metadata
from load_profile.dbt import DUCKDB, DbtProcess
from load_profile.dbt_results import TableBuilt
from load_profile.dbt_variables import NetConvention, check_variables

progress = logging.getLogger("load_profile.progress")


class DescribedChecks(DagsterDbtTranslator):
    """Describes each check by what it looks for: in the words on top of its SQL, or by its key."""

    def get_asset_check_spec(self, asset_spec, manifest, unique_id, project):
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=_in_words(manifest["nodes"], unique_id))


def _in_words(nodes: Mapping[str, Mapping], unique_id: str) -> str:
    """What a dbt test looks for."""
    test = nodes[unique_id]
    kind = test.get("test_metadata") or {"name": "", "kwargs": {}}
    if "columns" in kind["kwargs"]:
        return f"One row per {', '.join(kind['kwargs']['columns'])}, and each of these is known."
    if kind["name"] == "no_finding":  # it looks at what a model of its name has found
        test = nodes[f"model.{test['package_name']}.{test['name']}"]
    comment = itertools.takewhile(lambda line: line.startswith("--"), test["raw_code"].splitlines())
    words = " ".join(line.removeprefix("--").strip() for line in comment)
    return words or f"{test['column_name']} is {kind['name'].replace('_', ' ')}"


class DbtVariables(Config):
    """The dbt variables that a run may set; see dbt_project.yml."""

    net_convention: NetConvention | None = None
    system_timezone: str | None = None
    full_tests: bool | None = None

    @model_validator(mode="after")
    def _is_allowed(self) -> "DbtVariables":
        self.given()
        return self

    def given(self) -> dict[str, str]:
        """Those that are set, as texts; raises ValueError where a value is not allowed."""
        return check_variables(self.model_dump(mode="json", exclude_none=True))


class DbtConfig(Config):
    """What a run may change in the dbt build."""

    vars: DbtVariables = DbtVariables()


TRANSLATOR = DescribedChecks(
    settings=DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True)
)


def models_of(manifest: Mapping) -> AssetsDefinition:
    """All models, built and tested by one dbt process."""

    @dbt_assets(manifest=manifest, name="dbt_models", dagster_dbt_translator=TRANSLATOR)
    def dbt_models(context: AssetExecutionContext, workspace: WorkspaceResource, config: DbtConfig):
        """Build and test the models; unit tests belong to the test command."""
        checks = [key.name for key in context.selected_asset_check_keys]
        options = selection(context, "empty", *checks) if context.is_subset else []
        variables = config.vars.given()
        if is_regular(context.run):
            variables["is_regular_run"] = "true"  # see tests/recent_readings.sql
        yield from build_models(context, workspace, variables, options)

    return dbt_models


def selection(context: AssetExecutionContext, indirect: str, *checks: str) -> list[str]:
    """dbt's options for the tables that a run has selected and these checks."""
    tables = {key.path[-1] for key in context.selected_asset_keys}
    return ["--indirect-selection", indirect, "--select", *sorted(tables), *checks]


def build_models(
    context: AssetExecutionContext,
    workspace: LockedWorkspace,
    variables: Mapping[str, str],
    options: Sequence[str],
    target: str = DUCKDB,
) -> Iterator[MaterializeResult | AssetCheckResult]:
    """Run dbt; yield tables and checks as Dagster's results."""
    with DbtProcess(workspace.files.root, variables, target) as dbt:
        for result in build(workspace.files, dbt, options):
            if isinstance(result, TableBuilt):
                progress.info("Building tables: %s", result.name)
                yield MaterializeResult(asset_key=result.name, metadata=table_metadata(result))
                continue
            check = AssetCheckResult(**check_arguments(result))
            if (
                AssetCheckKey(check.asset_key, check.check_name)
                in context.selected_asset_check_keys
            ):
                yield check
