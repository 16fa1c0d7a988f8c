"""The command `load-profile` from the drop folder to the files, as a user runs it."""

import os
import signal
import sqlite3
import warnings
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

import duckdb
import pytest
from conftest import load_profile, query
from dagster import DagsterEventType, DagsterInstance, EventRecordsFilter
from dbt_processes import NEEDS_PROC, STARTED, dbt_processes, start_run
from written import fingerprints, rows_of

from ingest.workspace import Workspace
from load_profile.last_run import is_anything_new
from load_profile.sample import write_sample


def test_an_empty_folder_gets_a_sample_and_the_run_says_what_became_of_it(sample):
    said = (sample / "sample.txt").read_text(encoding="utf-8")
    assert "writing a sample" in said
    counts = dict(query(sample, "select outcome, count(*) from raw.files group by outcome"))
    assert counts == {"accepted": 12, "duplicate": 1, "sequence_error": 1}
    assert "simulated-hole" in said and "with a letter beside it" in said
    assert "Total of all feeders" in said and str(sample / "lp") in said
    assert not list((sample / "_dropbox/KW").iterdir())


def test_a_second_run_with_nothing_new_changes_no_byte_and_says_so(space):
    before = fingerprints(space.profiles), fingerprints(space.archive)
    done = load_profile("run", "--root", space.root)
    assert done.returncode == 0
    assert "Nothing new" in done.stdout
    assert (fingerprints(space.profiles), fingerprints(space.archive)) == before


def test_without_any_file_the_run_ends_at_once_and_names_what_lies_beside_the_folder(tmp_path):
    write_sample(tmp_path, feeders=1, months=1)
    drop = tmp_path / "_dropbox/KW"
    for path in list(drop.iterdir()):
        path.rename(drop.parent / path.name)
    (drop / "north.7z").write_bytes(b"PK")
    (tmp_path / "other.csv").write_text("a,b\n")
    done = load_profile("run", "--root", tmp_path)
    assert done.returncode == 2
    nothing, misplaced, packed = done.stderr.splitlines()
    assert nothing == f"Nothing to do: there is no file of readings in {drop}."
    assert f"in {drop.parent}: north-070124-" in misplaced and f"move them to {drop}" in misplaced
    assert "north.7z; unpack it" in packed
    assert not (tmp_path / "warehouse").exists()


def test_a_wrong_meter_data_file_stops_everything_with_exit_code_2(tmp_path):
    write_sample(tmp_path)
    dropped = fingerprints(tmp_path / "_dropbox")
    (tmp_path / "meter-data.csv").write_text("sta,meter,multiplier\nnorth,1,-5\n")
    done = load_profile("run", "--root", tmp_path)
    assert done.returncode == 2
    for word in ("row 2", "'multiplier'", "'-5'", "positive number"):
        assert word in done.stderr
    assert fingerprints(tmp_path / "_dropbox") == dropped
    assert not (tmp_path / "warehouse").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--root", "no-such-folder"], "not a folder"),
        (["--vars", "[1, 2]"], "not a mapping"),
        (["--vars", "{net_convention: sideways}"], "signed, gross"),
        (["--vars", "{other: 1}"], "allowed are"),
        (["--select", "no_such_asset"], "no_such_asset"),
        (["--nonsense"], "No such option"),
        (["--vars", "{system_timezone: Mars/Base}"], "IANA zone"),
    ],
)
def test_wrong_usage_ends_with_exit_code_2_and_says_what_is_allowed(arguments, words, tmp_path):
    write_sample(tmp_path, feeders=1, months=1)
    root = [] if "--root" in arguments else ["--root", tmp_path]
    done = load_profile("run", *root, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr


def test_only_the_selected_assets_are_made(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    for path in (root / "lp").glob("*_gaps.csv"):
        path.unlink()
    (root / "lp/plots/all.png").unlink()
    done = load_profile("run", "--root", root, "--select", "gap_files")
    assert done.returncode == 0, done.stdout
    assert rows_of(root / "lp/south_gaps.csv") == rows_of(sample / "lp/south_gaps.csv")
    assert not (root / "lp/plots/all.png").exists()


@pytest.fixture(scope="module")
def without_plots(tmp_path_factory) -> tuple[Path, str]:
    """A root with odd files after a run without plots, and what that said."""
    root = tmp_path_factory.mktemp("without-plots")
    write_sample(root, feeders=2, months=1)
    drop = root / "_dropbox/KW"
    next(drop.glob("*_simulated-copy.csv")).unlink()  # it would be another file than the odd one
    north = next(drop.glob("north-070124-000000_080124-000000.csv"))
    text = north.read_bytes().decode("utf-8-sig").replace(",.00,", ",-5,", 1)
    north.write_text(text, encoding="utf-8", newline="")
    lines = text[text.index("Record No.") :].splitlines(keepends=True)[:9]
    few = "".join(line for line in lines if ",-5," not in line)
    for name in ("north-copy.csv", "south-copy.csv"):
        (drop / name).write_text(few, encoding="utf-8", newline="")
    (drop / "notes.xlsm").write_bytes(b"PK")
    done = load_profile("run", "--no-plots", "--root", root)
    assert done.returncode == 0, done.stdout
    return root, done.stdout


def test_warnings_of_checks_other_files_and_equal_files_of_another_feeder_are_said(without_plots):
    root, said = without_plots
    assert "warning detect_negative: north " in said and "1 reading with a value below 0" in said
    assert "is equal to north-copy.csv of north" in said
    assert f"not taken in, in {root / '_dropbox/KW'}: notes.xlsm; save it as .xlsx" in said


def test_files_are_dated_in_utc_between_their_drop_and_the_report(without_plots):
    root, _ = without_plots
    dropped, reported = (
        datetime.fromtimestamp((root / name).stat().st_mtime, UTC).replace(tzinfo=None)
        for name in ("_dropbox/KW/notes.xlsm", "lp/report.html")
    )
    dates = query(root, "select processed_at, filed_at from raw.files")
    assert len(dates) > 3
    assert all(dropped <= processed <= filed <= reported for processed, filed in dates)


def test_without_plots_everything_else_is_done(without_plots):
    root, said = without_plots
    assert "Cost: " in said and "rows and " in said
    with sqlite3.connect(root / ".dagster/history/runs/index.db") as con:
        checks = "select count(*) from asset_check_executions where asset_key like '[\"raw%'"
        assert con.execute(checks).fetchone() > (0,)  # tests of raw tables, too
    assert (root / "lp/all.csv").exists() and not list((root / "lp/plots").iterdir())
    assert not is_anything_new(Workspace(root), {}, plots=False)
    assert is_anything_new(Workspace(root), {}, plots=True)


def test_dagster_has_each_finding_with_its_check(without_plots):
    root, _ = without_plots
    with (
        DagsterInstance.from_config(str(root / ".dagster")) as instance,
        warnings.catch_warnings(action="ignore"),  # a newer call needs the name of a check
    ):
        kind = EventRecordsFilter(DagsterEventType.ASSET_CHECK_EVALUATION)
        checks = [
            record.event_log_entry.dagster_event.event_specific_data
            for record in instance.get_event_records(kind)
        ]
    shown = {
        (check.check_name, row.data["feeder"])
        for check in checks
        if "findings" in check.metadata
        for row in check.metadata["findings"].records
    }
    found = query(root, "select 'detect_' || rule, feeder from findings")
    assert shown == set(found) and len(found) > 1


@NEEDS_PROC
def test_a_killed_dbt_is_one_sentence_and_the_files_are_those_of_the_last_good_run(without_plots):
    root, _ = without_plots
    before = fingerprints(root / "lp"), Workspace(root).published.read_bytes()
    run = start_run(root, STARTED)
    (process,) = dbt_processes(root)
    os.kill(process, signal.SIGKILL)
    said, _ = run.communicate()
    assert run.returncode == 1
    assert "failed dbt_models: dbt was killed by signal 9 before it finished." in said
    assert (fingerprints(root / "lp"), Workspace(root).published.read_bytes()) == before
    assert all(is_anything_new(Workspace(root), {}, plots) for plots in (True, False))


def test_a_failing_check_ends_with_exit_code_1_and_publishes_nothing(without_plots):
    root, _ = without_plots
    before = fingerprints(root / "lp"), fingerprints(root / "warehouse/published")
    with duckdb.connect(str(Workspace(root).warehouse)) as con:
        con.execute("insert into feeder_profiles from feeder_profiles limit 1")
        con.execute("update model_parts set is_tested = false")
    words = "feeder_profiles profile_files gap_files report published"
    done = load_profile("run", "--root", root, "--select", words)
    assert done.returncode == 1
    assert "failed" in done.stdout and "unique_key_feeder_profiles" in done.stdout
    assert (fingerprints(root / "lp"), fingerprints(root / "warehouse/published")) == before


def test_analyze_reports_an_output_file_and_draws_it(sample, tmp_path):
    target = tmp_path / "south.csv"
    target.write_bytes((sample / "lp/south.csv").read_bytes())
    done = load_profile("analyze", target)
    assert done.returncode == 0, done.stderr
    assert "08/01/24 00:00:00" in done.stdout
    found = rows_of(tmp_path / "south_gaps.csv")
    assert [(gap["gap_start"], gap["gap_end"]) for gap in found] == [
        ("08/01/24 00:00:00", "08/04/24 00:00:00")
    ]
    assert (tmp_path / "south.png").read_bytes().startswith(b"\x89PNG")


def test_analyze_leaves_what_a_run_wrote_as_it_is(sample, tmp_path):
    lp = copytree(sample / "lp", tmp_path / "lp")
    before = fingerprints(lp)
    done = load_profile("analyze", lp / "south.csv")
    assert done.returncode == 0, done.stderr
    own = rows_of(lp / "south_analyzed_gaps.csv")
    assert own == [{name: row[name] for name in own[0]} for row in rows_of(lp / "south_gaps.csv")]
    after = fingerprints(lp)
    assert {name: after[name] for name in before} == before


def test_analyze_refuses_a_file_without_a_series_with_exit_code_2(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    done = load_profile("analyze", path)
    assert done.returncode == 2
    assert "--time" in done.stderr
