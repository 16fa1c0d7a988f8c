"""What a crash left, what changed since it was read, torn logs, missing folders: made good."""

from hashlib import sha256
from shutil import copytree

import pytest
from dropped_files import (
    BAD,
    GOOD,
    all_hashes,
    commit_without_moving,
    drop,
    export,
    files_in,
    query,
    take_in,
)

from ingest.filing import FilingError
from ingest.load_files import load_files
from ingest.warehouse import WarehouseError, open_warehouse
from ingest.workspace import Workspace

MIXED = {
    "north-1.csv": export([0]),
    "north-2.csv": export([0]),
    "north-3.csv": BAD,
    "gen-1.csv": export([4]),
}


@pytest.fixture
def space(prepared, tmp_path) -> Workspace:
    """A copy of the root without files."""
    return Workspace(copytree(prepared, tmp_path, dirs_exist_ok=True))


def test_the_next_run_finishes_what_a_crash_left(space):
    commit_without_moving(space, MIXED)
    assert load_files(space).file_count == 0
    assert {sha256(data).hexdigest() for data in MIXED.values()} <= all_hashes(space)
    assert list(space.dropbox.iterdir()) == []
    assert query(space, "select count(*) from raw.interval_reads") == [(1,)]
    assert query(space, "select count(*), count(filed_at) from raw.files") == [(4, 4)]
    assert (space.logs / "dropbox.log").read_text().count("\n") == 4
    assert len(list(space.rejected.glob("*.txt"))) == 2


@pytest.mark.parametrize("moved", range(1, 5))
def test_a_crash_in_the_middle_of_the_moves_is_finished_too(space, moved):
    commit_without_moving(space, MIXED)
    sql = "select file_name, stored_as from raw.files order by file_id limit " + str(moved)
    for name, place in query(space, sql):
        (space.root / place).parent.mkdir(parents=True, exist_ok=True)
        (space.dropbox / name).rename(space.root / place)
    load_files(space)
    assert {sha256(data).hexdigest() for data in MIXED.values()} <= all_hashes(space)
    assert list(space.dropbox.iterdir()) == []


def test_a_failed_transaction_leaves_no_trace(space):
    drop(space, {"north-1.csv": export([0])})
    with open_warehouse(space.warehouse) as con:
        con.execute("drop table raw.interval_reads")
        con.execute("create table raw.interval_reads (wrong integer)")
    with pytest.raises(Exception, match="interval_reads"):
        load_files(space)
    assert query(space, "select count(*) from raw.files") == [(0,)]
    assert len(list(space.dropbox.iterdir())) == 1


def test_lost_bytes_are_named_and_the_other_files_are_filed(space):
    commit_without_moving(space, {"north-1.csv": export([0]), "north-2.csv": export([1])})
    (space.dropbox / "north-1.csv").unlink()
    with pytest.raises(FilingError, match=r"north-1\.csv"):
        load_files(space)
    assert files_in(space, GOOD) == {"north-2.csv": export([1])}
    (space.root / GOOD / "north-1.csv").write_bytes(export([0]))
    assert load_files(space).file_count == 0


@pytest.mark.parametrize("change", [b"", export([7])])
def test_a_file_that_changed_since_it_was_read_is_left_for_the_next_run(space, change):
    drop(space, {"north-1.csv": export([0]), "north-2.csv": export([1])})

    def meddle(step: str, done: int, of: int) -> None:
        if step == "Reading files" and done == of:
            (space.dropbox / "north-1.csv").write_bytes(change)

    summary = load_files(space, meddle)
    assert (summary.outcomes, summary.left) == ({"accepted": 1}, ("north-1.csv",))
    assert files_in(space, "_dropbox/KW") == {"north-1.csv": change}
    assert query(space, "select count(*) from raw.files") == [(1,)]
    assert load_files(space).file_count == 1


def test_rows_of_a_file_that_changed_are_never_taken_for_its_twin(space):
    drop(space, {"north-1.csv": export([0]), "north-2.csv": export([0])})

    def meddle(step: str, done: int, of: int) -> None:
        if step == "Reading files" and done == of:
            (space.dropbox / "north-1.csv").write_bytes(export([7]))

    load_files(space, meddle)
    load_files(space)
    rows = query(
        space,
        "select sha256, record_no from raw.interval_reads inner join raw.files using (file_id)",
    )
    assert sorted(rows) == sorted((sha256(export([n])).hexdigest(), n) for n in (0, 7))


def test_a_file_that_vanished_since_it_was_read_is_left_out(space):
    drop(space, {"north-1.csv": export([0]), "north-2.csv": export([1])})

    def meddle(step: str, done: int, of: int) -> None:
        (space.dropbox / "north-1.csv").unlink(missing_ok=True)

    assert load_files(space, meddle).outcomes == {"accepted": 1}


@pytest.mark.parametrize("log", ["dropbox.log", "dropbox-error.log"])
@pytest.mark.parametrize("cut", [1, 25, 10_000])
def test_a_torn_log_is_repaired(space, log, cut):
    take_in(space, {"north-1.csv": BAD, "north-2.csv": BAD + b"\xc3\xa4"})
    path = space.logs / log
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    load_files(space)
    assert path.read_bytes() == whole


def test_the_memory_limit_is_three_gigabytes_at_most_unless_it_is_set(space, monkeypatch):
    held = "select parse_formatted_bytes(current_setting('memory_limit'))"
    monkeypatch.delenv("LOAD_PROFILE_MEMORY", raising=False)
    assert query(space, held)[0][0] <= 3_000_000_000
    monkeypatch.setenv("LOAD_PROFILE_MEMORY", "200MB")
    assert 190_000_000 < query(space, held)[0][0] <= 200_000_000
    monkeypatch.setenv("LOAD_PROFILE_MEMORY", "much")
    with pytest.raises(WarehouseError, match="LOAD_PROFILE_MEMORY is 'much'"):
        load_files(space)


def test_missing_folders_and_logs_are_made_again(space):
    take_in(space, {"north-1.csv": BAD})
    for folder in (space.logs, space.rejected, space.dropbox):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    load_files(space)
    assert take_in(space, {"north-1.csv": BAD, "north-2.csv": export([0])}).file_count == 2
    assert (space.logs / "dropbox.log").read_text().count("\n") == 3
