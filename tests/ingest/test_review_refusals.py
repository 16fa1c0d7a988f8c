"""What a review or a run refuses, and what is said of holes, gaps and lost bytes."""

import subprocess
from datetime import datetime
from shutil import copytree

import duckdb
import pytest
import raw_exports
from conftest import BUILD, COMMAND, dbt, load_profile, query, summary, take_in, untested

from ingest.filing import BYTES_LOST
from ingest.warehouse import WarehouseError
from ingest.workspace import Workspace

HOLE = "west-070124-000000_070824-000000_simulated-hole.csv"


@pytest.mark.parametrize(
    ("name", "words"),
    [("no-such-file.csv", "no rejected file"), ("north-070124-000000_080124-000000.csv", "no rej")],
)
def test_only_a_rejected_file_can_be_released(sample, name, words):
    done = load_profile("release", name, "--root", sample)
    assert done.returncode == 2 and words in done.stderr


def test_a_wrong_root_is_named_and_stays_as_it_is(tmp_path):
    for words in (("release", "north.csv"), ("withdraw", "north.csv", "--reason", "wrong")):
        done = load_profile(*words, "--root", tmp_path)
        assert done.returncode == 2 and "--root" in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_rejected_file_that_was_changed_cannot_be_released(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    path = next((root / "data/KW/ERROR").glob("*.csv"))
    path.write_bytes(path.read_bytes() + b"\n")
    done = load_profile("release", HOLE, "--root", root)
    assert done.returncode == 2 and "is not the file that was rejected" in done.stderr
    assert query(root, "select count(*) from raw.files where release_of is not null") == [(0,)]


@pytest.mark.parametrize(
    ("feeder", "start", "words"),
    [
        ("nobody", "2024-07-10 12:00", "not in meter-data.csv"),
        ("north", "yesterday", "allowed are"),
        ("north", "2030-01-01 00:00", "no interval"),
    ],
)
def test_why_says_what_it_cannot_answer(sample, feeder, start, words):
    done = load_profile("why", feeder, start, "--root", sample)
    assert done.returncode == 2 and words in done.stderr


def test_why_names_the_gap_an_interval_lies_in(sample):
    done = load_profile("why", "south", "08/02/24 11:00:00", "--root", sample)
    assert "gap from 2024-08-01 00:00 to 2024-08-04 00:00" in done.stdout


def test_a_deleted_warehouse_is_noticed_and_not_started_from_scratch(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    (root / "warehouse/load_profile.duckdb").unlink()
    before = (root / "lp/all.csv").read_bytes()
    with pytest.raises(WarehouseError, match="was deleted or is an old copy"):
        take_in(root)
    assert (root / "lp/all.csv").read_bytes() == before


def test_a_rebuild_says_which_archived_file_is_missing_and_changes_nothing(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    lost = next((root / "data/KW/2024-08").glob("west-*.csv"))
    lost.unlink()
    before = query(root, "select * from raw.interval_reads order by all limit 5")
    done = load_profile("rebuild", "--root", root)
    assert done.returncode == 2 and lost.name in done.stderr
    assert query(root, "select * from raw.interval_reads order by all limit 5") == before


def test_a_foreign_warehouse_file_is_refused_and_kept(tmp_path):
    (tmp_path / "warehouse").mkdir()
    path = tmp_path / "warehouse/load_profile.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute("create table theirs (a integer)")
    (tmp_path / "meter-data.csv").write_text("sta,meter,multiplier\nnorth,1,1\n")
    with pytest.raises(WarehouseError, match="not made by load-profile"):
        take_in(tmp_path)
    with duckdb.connect(str(path)) as con:
        assert con.execute("select count(*) from theirs").fetchone() == (0,)


def test_a_warehouse_that_somebody_holds_open_stops_the_run_with_a_clear_message(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    (root / "meter-data.csv").open("a").write("\n")
    held = subprocess.Popen(
        [
            COMMAND.with_name("python"),
            "-c",
            "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True);"
            "print('open', flush=True); sys.stdin.read()",
            str(root / "warehouse/load_profile.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    held.stdout.readline()
    done = load_profile("run", "--no-plots", "--root", root)
    held.communicate()
    assert done.returncode == 1 and "Another program has it open" in done.stdout
    take_in(root)


def test_status_keeps_saying_that_the_bytes_of_a_file_are_gone(sample, tmp_path):
    root = copytree(sample, tmp_path / "root")
    with duckdb.connect(str(root / "warehouse/load_profile.duckdb")) as con:
        lost = "update raw.files set reason = ? where file_name like 'gen-0701%'"
        con.execute(lost, [BYTES_LOST])
    said = load_profile("status", "gen-0701", "--root", root).stdout
    assert f"2,976 rows, {BYTES_LOST}" in said


def test_a_hole_in_a_released_file_stays_a_gap(tmp_path):
    lines = raw_exports.rows(datetime(2024, 7, 1), 12, "1,0,1,0", minutes=60)
    del lines[5:7]
    (tmp_path / "meter-data.csv").write_text(
        "sta,meter,multiplier,interval_minutes\nnorth,1,28800,60\n"
    )
    (tmp_path / "_dropbox/KW").mkdir(parents=True)
    (tmp_path / "_dropbox/KW/north-1.csv").write_text(raw_exports.export(lines))
    take_in(tmp_path)
    assert query(tmp_path, "select count(*) from raw.interval_reads") == [(0,)]
    path = tmp_path / "data/KW/ERROR/north-1_SEQUENCE-ERROR.csv"
    assert load_profile("release", path, "--root", tmp_path).returncode == 0
    dbt(tmp_path, *BUILD, *untested("gaps"))
    assert query(tmp_path, "select gap_start_local::varchar, missing_intervals from gaps") == [
        ("2024-07-01 05:00:00", 2)
    ]


def test_the_run_says_how_to_accept_a_rejected_file_and_which_time_it_leaves_uncounted(
    sample, tmp_path
):
    root = copytree(sample, tmp_path / "root")
    with duckdb.connect(str(Workspace(root).warehouse)) as con:
        con.execute(
            """update raw.files set first_start_local = timestamp '2024-06-10',
            last_end_local = timestamp '2024-06-17', closed_by = null where letter is not null"""
        )
    said = " ".join(summary(root, datetime(2000, 1, 1)).split())
    assert 'accept it all the same: load-profile release "data/KW/ERROR/west-' in said
    assert f'--reason "..." --root "{root}"' in said
    assert (
        "1 rejected file covers 2024-06-10 to 2024-06-17: what of it lies before the first or "
        "after the last reading is not counted as missing"
    ) in said
