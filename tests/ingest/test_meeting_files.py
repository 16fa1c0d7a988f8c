"""Names and contents that meet: duplicates, taken names, rejections that a later file closes."""

from hashlib import sha256
from shutil import copytree

import duckdb
import pytest
from dropped_files import (
    BAD,
    ERROR,
    GOOD,
    METERS,
    closings,
    commit_without_moving,
    drop,
    export,
    files_in,
    prepare,
    query,
    take_in,
)

from ingest.load_files import load_files
from ingest.release import release_file
from ingest.review import ReviewError, rebuild_warehouse
from ingest.warehouse import OLD_CHANNELS, open_warehouse
from ingest.workspace import Workspace


@pytest.fixture
def space(prepared, tmp_path) -> Workspace:
    """A copy of the root without files."""
    return Workspace(copytree(prepared, tmp_path, dirs_exist_ok=True))


def test_equal_bytes_under_two_names_are_taken_in_once(space):
    summary = take_in(space, {"north-1.csv": export([0]), "north-2.csv": export([0])})
    assert summary.outcomes == {"accepted": 1, "duplicate": 1}
    assert (len(files_in(space, GOOD)), summary.row_count) == (1, 1)


def test_a_misnamed_copy_does_not_stop_the_rightly_named_file(space):
    summary = take_in(space, {"nort-1.csv": export([0]), "north-1.csv": export([0])})
    assert summary.outcomes == {"accepted": 1, "unknown_meter": 1}


@pytest.mark.parametrize(
    ("at_once", "second"),
    [
        *((True, name) for name in ("NORTH-1.csv", "north-1.CSV")),
        *((False, name) for name in ("north-1.csv", "NORTH-1.csv", "north-1.CSV")),
    ],
)
def test_another_content_under_a_taken_name_is_kept_beside_it(space, at_once, second):
    first, other = {"north-1.csv": BAD}, {second: BAD + b"x"}
    if at_once:
        take_in(space, first | other)
    else:
        take_in(space, first)
        take_in(space, other)
    found = files_in(space, ERROR)
    assert {BAD, BAD + b"x"} <= set(found.values())
    assert len([name for name in found if name.endswith(".txt")]) == 2


def test_an_accepted_file_never_overwrites_another(space):
    take_in(space, {"north-1.csv": export([0])})
    take_in(space, {"north-1.csv": export([0], "9,9,9,9")})
    digest = sha256(export([0], "9,9,9,9")).hexdigest()[:8]
    assert set(files_in(space, GOOD)) == {"north-1.csv", f"north-1-{digest}.csv"}


def test_a_rejected_file_dropped_again_is_not_doubled(space):
    for _ in range(2):
        take_in(space, {"north-1.csv": BAD})
    assert set(files_in(space, ERROR)) == {"north-1_UNREADABLE.csv", "north-1_UNREADABLE.txt"}
    assert query(space, "select count(*) from raw.files") == [(2,)]


def test_an_unknown_feeder_is_accepted_once_meter_data_has_it(space):
    take_in(space, {"gen-1.csv": export([0])})
    prepare(space.root, METERS + "gen,9,1\n")
    assert take_in(space, {"gen-1.csv": export([0])}).outcomes == {"accepted": 1}
    assert files_in(space, GOOD) == {"gen-1.csv": export([0])}


@pytest.mark.parametrize("at_once", [True, False])
def test_equal_bytes_of_two_feeders_are_two_files(space, at_once):
    files = {"north-1.csv": export([0, 1], "0,0,0,0"), "south-1.csv": export([0, 1], "0,0,0,0")}
    drops = [files] if at_once else [{name: data} for name, data in files.items()]
    for dropped in drops:
        assert take_in(space, dropped).outcomes == {"accepted": len(dropped)}
    assert files_in(space, GOOD) == files
    assert take_in(space, {"south-2.csv": files["south-1.csv"]}).outcomes == {"duplicate": 1}
    rebuild_warehouse(space)
    counts = "select file_name, count(*) from raw.interval_reads join raw.files using (file_id)"
    assert query(space, f"{counts} group by 1 order by 1") == [(n, 2) for n in files]
    (space.root / GOOD / "south-1.csv").unlink()
    with pytest.raises(ReviewError, match=r"2024-07/south-1\.csv"):
        rebuild_warehouse(space)


@pytest.mark.parametrize("name", ["north-future.csv", "south-1.csv"])
def test_an_odd_date_and_another_serial_number_can_be_released(space, name):
    future = b"\n".join(export([0]).splitlines()).replace(b"/24 ", b"/36 ")
    other = b"Meter ID: 9004\n" + export([0])
    prepare(space.root, METERS.replace("South,2", "South,9005"))
    data = {"north-future.csv": future, "south-1.csv": other}[name]
    assert take_in(space, {name: data}).outcomes.get("accepted") is None
    assert release_file(space, name, "checked").outcome == "accepted"
    assert closings(space) == [(1, 2), (2, None)]
    rebuild_warehouse(space)
    assert query(space, "select count(*) from raw.interval_reads") == [(1,)]


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_rejection_is_closed_by_its_bytes_and_they_keep_the_name_they_came_with(space, is_moved):
    take_in(space, {"gen-1.csv": export([0])})
    prepare(space.root, METERS + "gen,9,1\n")
    rejected = space.root / ERROR / "gen-1_UNKNOWN-METER.csv"
    data = rejected.read_bytes()
    if is_moved:
        rejected.unlink()
    assert take_in(space, {rejected.name: data}).outcomes == {"accepted": 1}
    assert files_in(space, GOOD) == {"gen-1.csv": data}
    assert files_in(space, ERROR) == {} and not list(space.dropbox.iterdir())
    assert closings(space) == [(1, 2), (2, None)]
    assert query(space, "select distinct file_name from raw.files") == [("gen-1.csv",)]


def test_a_rejection_is_closed_by_a_file_over_its_span_and_stays_in_error(space):
    take_in(space, {"north-1.csv": export([1, 3]), "south-1.csv": export([1, 3])})
    take_in(space, {"north-2.csv": export([1, 2])})
    assert closings(space)[:2] == [(1, None), (2, None)]
    take_in(space, {"north-3.csv": export(range(5))})
    assert [closed for _, closed in closings(space)] in (
        [4, None, None, None],
        [None, 4, None, None],
    )
    found = files_in(space, ERROR)
    assert found["north-1_SEQUENCE-ERROR.csv"] == export([1, 3])
    assert found["north-1_SEQUENCE-ERROR.txt"].startswith(b"Closed: north-3.csv was accepted")
    assert found["south-1_SEQUENCE-ERROR.txt"].startswith(b"File:")


def test_a_rejection_is_closed_by_the_same_bytes_under_the_right_name_or_rejected_again(space):
    take_in(space, {"nort-1.csv": export([0])})
    take_in(space, {"nort-1_UNKNOWN-METER.csv": export([0])})
    assert closings(space) == [(1, 2), (2, None)]
    assert set(files_in(space, ERROR)) == {"nort-1_UNKNOWN-METER.csv", "nort-1_UNKNOWN-METER.txt"}
    take_in(space, {"north-1.csv": export([0])})
    assert closings(space) == [(1, 2), (2, 3), (3, None)]


def test_the_zeros_of_another_meter_close_no_rejection(space):
    take_in(space, {"nort-1.csv": export([0], "0,0,0,0")})
    take_in(space, {"north-1.csv": export([0], "0,0,0,0")})
    assert closings(space) == [(1, None), (2, None)]


def test_a_crash_after_a_rejected_file_was_dropped_again_from_error_is_finished(space):
    take_in(space, {"gen-1.csv": export([0])})
    prepare(space.root, METERS + "gen,9,1\n")
    commit_without_moving(space, {"gen-1_UNKNOWN-METER.csv": export([0])})
    load_files(space)
    assert files_in(space, GOOD) == {"gen-1.csv": export([0])}
    assert files_in(space, ERROR) == {} and not list(space.dropbox.iterdir())


def test_an_older_warehouse_gets_the_names_of_raw_channels(space):
    drop(space, {"north-1.csv": export([0])})
    load_files(space)
    columns = "select column_name from duckdb_columns() where table_name = 'interval_reads'"
    before = query(space, columns), query(space, "from raw.interval_reads")
    with duckdb.connect(str(space.warehouse)) as con:
        for old, name in OLD_CHANNELS.items():
            con.execute(f"alter table raw.interval_reads rename column {name} to {old}")
        assert con.execute(columns).fetchall() != before[0]
    with open_warehouse(space.warehouse):
        pass
    assert (query(space, columns), query(space, "from raw.interval_reads")) == before


def test_an_older_warehouse_learns_which_rejections_are_closed(space):
    take_in(space, {"gen-1.csv": export([0])})
    prepare(space.root, METERS + "gen,9,1\n")
    take_in(space, {"gen-1.csv": export([0])})
    query(space, "alter table raw.files drop column closed_by")
    assert closings(space) == [(1, 2), (2, None)]


@pytest.mark.parametrize("damage", [None, b"rotten", b""])
def test_a_duplicate_restores_a_damaged_or_missing_archive_copy(space, damage):
    take_in(space, {"north-1.csv": export([0])})
    place = space.root / GOOD / "north-1.csv"
    place.unlink() if damage is None else place.write_bytes(damage)
    assert take_in(space, {"north-again.csv": export([0])}).outcomes == {"duplicate": 1}
    found = files_in(space, GOOD)
    assert found.pop("north-1.csv") == export([0])
    assert list(found.values()) == ([] if damage is None else [damage])
    assert list(space.dropbox.iterdir()) == []
