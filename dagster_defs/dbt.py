"""Show the dbt project to Dagster: its manifest, its models as assets, its tests as checks."""

import importlib
import itertools
import json
import logging
import os
import re
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from functools import cached_property, partial
from importlib.metadata import version as installed_version
from pathlib import Path

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetKey,
    Config,
    MetadataValue,
    Output,
    ResourceParam,
    TableRecord,
)
from filelock import FileLock
from packaging.version import Version
from pydantic import model_validator

from dagster_defs.ahead import Ahead, reading
from dagster_defs.resources import LockedWorkspace, WorkspaceResource
from dagster_defs.run_events import FAILING_ROWS, FINDINGS
from ingest.filing import sha256_of, write_bytes
from load_profile.dbt import PROJECT, project_fingerprint, run_apart, without_dbt
from load_profile.dbt_variables import NetConvention, check_variables
from load_profile.files.profiles import export_profiles
from load_profile.plots.draw import draw_planner_plots
from load_profile.publish.marts import checkpoint, publish, published_marts

# which engine the models are built on, a target of dbt_project/profiles.yml
TARGETS = ("duckdb", "spark")
TARGET = os.environ.get("LOAD_PROFILE_TARGET") or TARGETS[0]
if TARGET not in TARGETS:
    raise ValueError(f"LOAD_PROFILE_TARGET is {TARGET!r}; allowed are {' and '.join(TARGETS)}")

# models are chosen by dbt itself, which only Spark's months need
with nullcontext() if TARGET == "spark" else without_dbt():
    from dagster_dbt import (
        DagsterDbtTranslator,
        DagsterDbtTranslatorSettings,
        DbtCliInvocation,
        DbtCliResource,
        dbt_assets,
    )

MANIFEST = PROJECT / "target" / "manifest.json"
EXECUTABLE = shutil.which("load-profile-dbt", path=Path(sys.executable).parent) or ""
ROW_COUNT = re.compile(r"rows: (\w+) (\d+)")  # see macros/say_row_count.sql
CHARTS = "load_profile.report.charts"
FINDING = re.compile(r"finding: (\{.*\})")  # see macros/say_findings.sql
FAILING_ROW = re.compile(r"failing row: (\{.*\})")  # see macros/say_failing_rows.sql
progress = logging.getLogger("load_profile.progress")


def ensure_manifest() -> Path:
    """Return dbt's manifest, made first if it is absent, damaged or made from other files.

    Raises RuntimeError with dbt's own words when the project does not parse.
    """
    made_from = MANIFEST.with_name("manifest.made-from")
    fingerprint = project_fingerprint()
    MANIFEST.parent.mkdir(exist_ok=True)
    with FileLock(MANIFEST.with_name("manifest.lock")):  # two runs may find it absent
        if made_from.exists() and made_from.read_bytes() == _note(fingerprint):
            return MANIFEST
        progress.info("Reading the dbt project")
        done = run_apart(PROJECT.parent, "parse", "--target-path", str(MANIFEST.parent))
        if done.returncode:
            raise RuntimeError(f"The dbt project does not parse:\n{done.stdout}{done.stderr}")
        write_bytes(made_from, _note(fingerprint))
    return MANIFEST


def _note(fingerprint: str) -> bytes:
    """What a manifest was made from, and what is in it."""
    return f"{fingerprint} {sha256_of(MANIFEST)}".encode()


class LeanDbtResource(DbtCliResource):
    """DbtCliResource without what costs seconds here and is not used.

    `dbt --version` asks the network for newer versions; the adapter serves only
    fetch_row_counts/fetch_column_metadata, which hold DuckDB's file open in this process.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args) -> None:
        return None


class DescribedChecks(DagsterDbtTranslator):
    """Says of each check what it looks for: in the words on top of its SQL, or by its key."""

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


def as_config(variables: Mapping[str, str]) -> dict[str, str | bool]:
    """Variables as check_variables returns them, as a run config has them."""
    return {
        name: value == "True" if name == "full_tests" else value
        for name, value in variables.items()
    }


TRANSLATOR = DescribedChecks(
    settings=DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True)
)
ensure_manifest()
MARTS = published_marts(MANIFEST)
# begun together as soon as the tables are there: each of these waits for the disk, for other
# processes or for DuckDB, not for Python
AHEAD = {
    "profile_files": Ahead(reading(export_profiles)),
    "planner_plots": Ahead(reading(draw_planner_plots)),
    "published": Ahead(partial(publish, marts=MARTS)),
}


@dbt_assets(manifest=MANIFEST, name="dbt_models", dagster_dbt_translator=TRANSLATOR)
def dbt_models(
    context: AssetExecutionContext,
    dbt: ResourceParam[LeanDbtResource],
    workspace: WorkspaceResource,
    config: DbtConfig,
):
    """Build and test the models; unit tests belong to the test command."""
    invocation = begin_build(context, dbt, workspace, config.vars.given())
    # what draws takes seconds to import; dbt is another process and leaves a core idle
    selected = context.run.asset_selection

    def is_wanted(asset: str) -> bool:
        return not selected or AssetKey(asset) in selected

    if is_wanted("report"):
        threading.Thread(target=importlib.import_module, args=[CHARTS]).start()
    yield from events_of(invocation, context)
    checkpoint(workspace.files.warehouse)  # which nobody may read meanwhile
    for asset, work in AHEAD.items():
        if is_wanted(asset):
            work.begin(workspace.files)


def begin_build(
    context: AssetExecutionContext,
    dbt: LeanDbtResource,
    workspace: LockedWorkspace,
    variables: Mapping[str, str],
) -> DbtCliInvocation:
    """Start `dbt build` of the selected models, with dbt variables."""
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if TARGET == "spark":  # in several builds: no test of a table that a later one makes
        arguments += ["--indirect-selection", "buildable"]
    if variables:
        arguments += ["--vars", json.dumps(dict(variables))]
    target = workspace.files.root / ".dagster" / "dbt"
    return dbt.cli(arguments, context=context, raise_on_error=False, target_path=target)


def events_of(invocation: DbtCliInvocation, context: AssetExecutionContext) -> Iterator:
    """What dbt does, as Dagster's events, up to its end; raises its error if it has one."""
    try:
        yield from _events(invocation, context)
    finally:
        with suppress(ValueError):  # closed: all of it has been read
            for _ in invocation.process.stdout:  # else dbt would wait for a reader without end
                pass
        invocation.process.wait()  # whatever comes next may open the warehouse
    error = invocation.get_error()
    if error:
        raise error


def _events(invocation: DbtCliInvocation, context: AssetExecutionContext) -> Iterator:
    """What dbt does, as Dagster's events: tables with their rows, checks with what they found.

    A check that did not pass comes last: dbt logs its rows at the end.
    """
    counts, findings, rows, not_passed = {}, {}, {}, []
    for said in invocation.stream_raw_events():
        if row_count := ROW_COUNT.fullmatch(said.raw_event["info"]["msg"]):
            counts[row_count[1]] = int(row_count[2])
        elif finding := FINDING.fullmatch(said.raw_event["info"]["msg"]):
            row = json.loads(finding[1])
            findings.setdefault(f"detect_{row.pop('rule')}", []).append(TableRecord(row))
        elif failing := FAILING_ROW.fullmatch(said.raw_event["info"]["msg"]):
            found = json.loads(failing[1])
            rows.setdefault(found["check"], []).append(TableRecord(found["row"]))
        for event in said.to_default_asset_events(
            manifest=invocation.manifest,
            dagster_dbt_translator=invocation.dagster_dbt_translator,
            context=context,
            target_path=invocation.target_path,
        ):
            if isinstance(event, Output):
                progress.info("Building tables: %s", event.output_name)
                if event.output_name in counts:
                    metadata = {"dagster/row_count": counts[event.output_name]}
                    context.add_output_metadata(metadata, output_name=event.output_name)
            if isinstance(event, AssetCheckResult) and not event.passed:
                not_passed.append(event)
            else:
                yield event
    for check in not_passed:
        metadata = {
            name: MetadataValue.table(found[check.check_name])
            for name, found in ((FINDINGS, findings), (FAILING_ROWS, rows))
            if check.check_name in found
        }
        yield check._replace(metadata={**check.metadata, **metadata})
