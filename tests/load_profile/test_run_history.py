"""What Dagster keeps of runs stays bounded, and settings.toml says how much."""

import sqlite3
import time
from pathlib import Path

from conftest import load_profile
from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSpec,
    AssetKey,
    DagsterInstance,
    Definitions,
    MaterializeResult,
    asset,
    define_asset_job,
)

from ingest.workspace import Workspace
from load_profile.dagster_history import DAY, prune_runs
from load_profile.dagster_home import dagster_home
from load_profile.dagster_report import Reporter
from load_profile.dbt_results import CheckResult, TableBuilt


@asset(check_specs=[AssetCheckSpec("small", asset="made")])
def made() -> MaterializeResult:
    print("said by a step")
    return MaterializeResult(check_results=[AssetCheckResult(passed=True)])


JOB = Definitions(assets=[made], jobs=[define_asset_job("j")]).resolve_job_def("j")


def rows(home: Path, database: str, table: str, column: str) -> set[str]:
    with sqlite3.connect(home / "history" / database) as con:
        return {run for (run,) in con.execute(f"select {column} from {table}")}


def test_older_runs_go_with_events_checks_and_logs(tmp_path):
    home = dagster_home(Workspace(tmp_path))
    with DagsterInstance.from_config(str(home)) as instance:
        runs = [JOB.execute_in_process(instance=instance).run_id for _ in range(4)]
        waiting = instance.create_run_for_job(JOB).run_id
        shard = home / "history" / "runs" / f"{runs[0]}.db"
        shard.write_bytes(b"damaged" * 99)
        assert prune_runs(instance, keep=2) == 3
        assert prune_runs(instance, keep=2) == 0
    kept = {waiting, runs[3]}
    assert rows(home, "runs.db", "runs", "run_id") == kept
    assert {path.stem for path in (home / "history/runs").glob("*.db")} == kept | {"index"}
    for table in ("event_logs", "asset_check_executions"):
        assert rows(home, "runs/index.db", table, "run_id") <= kept
    assert not any((home / "storage" / run).exists() for run in runs[:3])


def test_a_run_that_waits_is_kept_for_a_day(tmp_path, monkeypatch):
    home = dagster_home(Workspace(tmp_path))
    with DagsterInstance.from_config(str(home)) as instance:
        waiting = instance.create_run_for_job(JOB).run_id
        JOB.execute_in_process(instance=instance)
        assert prune_runs(instance, keep=1) == 0
        monkeypatch.setattr("time.time", lambda now=time.time: now() + DAY + 60)
        assert prune_runs(instance, keep=1) == 1
    assert waiting not in rows(home, "runs.db", "runs", "run_id")


def report(space: Workspace, row_count: int) -> None:
    """Report a table and a check of it, as a run of the command does."""
    with Reporter(space) as reporter:
        reporter.put(TableBuilt("gaps", row_count, 0.1))
        reporter.put(CheckResult("gaps", "small", is_passed=row_count < 5))
        assert reporter.finish() == []


def test_what_the_command_reports_stays_bounded_and_the_latest_is_shown(tmp_path):
    space = Workspace(tmp_path)
    space.settings.write_text("keep_runs = 3\n")
    for row_count in range(6):
        report(space, row_count)
    home = dagster_home(space)
    with sqlite3.connect(home / "history/runs/index.db") as con:
        (events,) = con.execute("select count(*) from event_logs").fetchone()
        (checks,) = con.execute("select count(*) from asset_check_executions").fetchone()
    assert events <= 5 and checks == 4  # of three runs, and of the one that came last
    with DagsterInstance.from_config(str(home)) as instance:
        latest = instance.get_latest_materialization_event(AssetKey("gaps"))
        assert latest.asset_materialization.metadata["dagster/row_count"].value == 5
        key = AssetCheckKey(AssetKey("gaps"), "small")
        found = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
        assert found.status.value == "FAILED"


def test_what_cannot_be_reported_is_one_line_and_no_failure(tmp_path):
    space = Workspace(tmp_path)
    space.settings.mkdir()
    with Reporter(space) as reporter:
        reporter.put(TableBuilt("gaps", 1, 0.1))
        (words,) = reporter.finish()
    assert words.startswith("Dagster's page does not show all of this run: ")


def test_a_run_with_wrong_settings_ends_before_anything_is_touched(tmp_path):
    (tmp_path / "meter-data.csv").write_text("sta,meter,multiplier\nnorth,1,1\n")
    (tmp_path / "settings.toml").write_text("keep_run = 5")
    done = load_profile("run", "--root", tmp_path)
    assert done.returncode == 2 and "'keep_run' is unknown" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"meter-data.csv", "settings.toml"}
