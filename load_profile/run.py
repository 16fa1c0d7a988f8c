"""Run the job as the Dagster page does, in this process, and remember what it was run on.

Imports Dagster only when there is something to do: deciding that costs a fraction of a second.
"""

import contextlib
import json
import logging
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.caches import notices, put_aside, set_aside_damaged
from ingest.filing import write_text
from ingest.workspace import Workspace
from load_profile import last_run
from load_profile.dbt import WarmDbt

COSTED = (
    "profile_files",
    "gap_files",
    "monthly_file",
    "net_load_plot",
    "planner_plots",
    "published",
    "report",
)
# what Dagster keeps there, and what stops it when it is damaged
HOME_FOLDERS = ("history", "history/runs", "schedules", "storage", "dbt")
HOME_DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
SECONDS_FOR_DATABASE = 30
DAGSTER_YAML = """# written by load-profile; nothing leaves this machine
telemetry:
  enabled: false
nux:
  enabled: false
"""


@dataclass(frozen=True)
class RunResult:
    """Whether a run succeeded, which steps failed and with what words, what files it took in.

    `cost` says in one line how many seconds went where, and for how many rows and bytes.
    """

    is_success: bool
    errors: tuple[str, ...]
    files: Mapping[str, object]
    warnings: tuple[str, ...] = ()
    cost: str = ""


def dagster_home(workspace: Workspace) -> Path:
    """The folder with Dagster's state of this root, made if absent."""
    home = workspace.root / ".dagster"
    if os.path.lexists(home) and not _is_sound(home):
        set_aside_damaged(home, "Dagster's page begins anew, without the runs until now")
    settings = home / "dagster.yaml"
    if settings.is_dir() or (settings.exists() and settings.read_bytes() != DAGSTER_YAML.encode()):
        kept = put_aside(settings)  # it can name Python classes to load
        words = "%s was not written by load-profile and is not used. It is kept as %s."
        notices.warning(words, settings, kept.name)
    if not settings.exists():
        write_text(settings, DAGSTER_YAML)
    return home


def _is_sound(home: Path) -> bool:
    """Whether Dagster can work with what it kept in a folder."""
    folders = [home, *(home / name for name in HOME_FOLDERS)]
    files = [home / name for name in HOME_DATABASES if os.path.lexists(home / name)]
    return (
        all(folder.is_dir() for folder in folders if os.path.lexists(folder))
        and all(os.access(path, os.R_OK | os.W_OK) for path in [*folders, *files] if path.exists())
        and all(map(_is_database, files))
    )


def _is_database(path: Path) -> bool:
    """Whether a file is a whole SQLite database with tables, or is in use and may be one."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=SECONDS_FOR_DATABASE)) as con:
            is_whole = con.execute("pragma quick_check(1)").fetchone() == ("ok",)
            return is_whole and con.execute("select count(*) from sqlite_master").fetchone() > (0,)
    except sqlite3.DatabaseError as error:
        return "locked" in str(error)


def run_job(
    workspace: Workspace,
    dbt_vars: Mapping[str, str] | None = None,
    select: str | None = None,
    plots: bool = True,
) -> RunResult:
    """Materialize the selected assets (all by default) under the root; steps say how they go on.

    Raises dagster's own error for a selection that matches nothing.
    """
    os.environ["LOAD_PROFILE_ROOT"] = str(workspace.root)
    os.environ["DAGSTER_HOME"] = str(dagster_home(workspace))
    workspace.last_run.unlink(missing_ok=True)
    inputs = last_run.inputs(workspace, dbt_vars or {}, plots)
    logging.getLogger("load_profile.progress").info("Starting Dagster")
    with WarmDbt(json.dumps(dict(dbt_vars)) if dbt_vars else ""):
        return _run(workspace, inputs, dbt_vars, select)


def _run(workspace: Workspace, inputs: dict, dbt_vars, select: str | None) -> RunResult:
    from dagster import AssetSelection, DagsterInstance

    from dagster_defs import run_events
    from dagster_defs.automation import FROM_COMMAND
    from dagster_defs.dbt import as_config
    from dagster_defs.definitions import defs
    from dagster_defs.event_log import keep_connections
    from load_profile.alerts import tell

    job = defs.resolve_job_def("load_profile")
    keys = None
    if select or not inputs["plots"]:
        wanted = AssetSelection.from_string(select) if select else AssetSelection.all()
        if not inputs["plots"]:
            wanted -= AssetSelection.groups("plots")
        keys = list(wanted.resolve(defs.resolve_asset_graph()))
    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if dbt_vars:
        config["ops"] = {"dbt_models": {"config": {"vars": as_config(dbt_vars)}}}
    log = workspace.logs / "dagster.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        DagsterInstance.get() as instance,
        log.open("w", encoding="utf-8") as stream,
        contextlib.redirect_stdout(stream),
    ):
        keep_connections(instance)
        run_events.note_killed_runs(instance, FROM_COMMAND)
        result = job.execute_in_process(
            run_config=config,
            instance=instance,
            asset_selection=keys,
            raise_on_error=False,
            tags=FROM_COMMAND,
        )
    if result.success and not select:
        write_text(workspace.last_run, json.dumps(inputs, indent=1) + "\n")
    errors = run_events.errors(result.all_events)
    warnings = run_events.warnings(result.get_asset_check_evaluations()) + _not_done(result)
    if not result.success:
        warnings += tuple(tell(workspace, "the run failed", errors))
    files = _metadata(result).get("raw/files", {})
    return RunResult(result.success, errors, files, warnings, _cost(result))


def _not_done(result) -> tuple[str, ...]:
    """What steps left undone without failing."""
    made = _metadata(result)
    noted = (("raw/files", "alerts"), ("published", "waits for the next run"))
    return tuple(made[asset][name] for asset, name in noted if name in made.get(asset, {}))


def _metadata(result) -> dict[str, dict[str, object]]:
    """What every asset said of itself when it was made."""
    return {
        event.asset_key.to_user_string(): {
            name: value.value for name, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def _cost(result) -> str:
    """Seconds by stage; what is not named is starting up."""
    made = _metadata(result)
    files = made.get("raw/files", {})
    stages = [
        (f"{name} files", files[f"{name} (s)"], None)
        for name in ("reading", "loading", "filing")
        if f"{name} (s)" in files
    ]
    rows = made.get("raw/interval_reads", {}).get("rows loaded", 0)
    duration = "Execution Duration"
    stages += [("models", sum(m.get(duration, 0) for m in made.values()), None)]
    checks = (check.metadata.get(duration) for check in result.get_asset_check_evaluations())
    stages += [("checks", sum(found.value for found in checks if found), None)]
    stages += [
        (asset.replace("_", " "), made[asset]["seconds"], made[asset]["bytes written"])
        for asset in COSTED
        if asset in made
    ]
    took = ", ".join(
        f"{name} {seconds:.1f} s" + (f" ({size / 1e6:,.1f} MB written)" if size else "")
        for name, seconds, size in stages
    )
    return f"{rows:,} rows and {files.get('bytes read', 0) / 1e6:,.1f} MB taken in; {took}"
