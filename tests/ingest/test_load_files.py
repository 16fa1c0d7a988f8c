"""What becomes of a dropped file: outcome, ledger, archive, letter, log; in any order or crash."""

import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from shutil import copyfile, copytree
from tempfile import TemporaryDirectory

import duckdb
import pytest
import raw_exports
from conftest import EXACT
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import load_files as loading
from ingest.filing import FilingError
from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.precedence import in_order
from ingest.raw_files import find_files, inspect_files
from ingest.review import ReviewError, rebuild_warehouse, release_file
from ingest.warehouse import OLD_CHANNELS, WarehouseError, open_warehouse
from ingest.workspace import Workspace

RAW = Path(__file__).parents[3] / "shared/data/raw"
NOON = datetime(2024, 7, 12, 11)
METERS = "sta,meter,multiplier\nnorth,1,28800\nSouth,2,14400\ngeneral,3,1\n"
GOOD = "data/KW/2024-07"
ERROR = "data/KW/ERROR"


def row(number: int, values: str = "1,2,3,4") -> str:
    start = NOON + timedelta(minutes=15 * number)
    return raw_exports.row(number, start, start + timedelta(minutes=15), values, pad=" ")


def export(numbers: Iterable[int], values: str = "1,2,3,4") -> bytes:
    lines = [*(row(n, values) for n in numbers), ""]
    preamble = ("Load Profile Data Display", "")
    return raw_exports.export(lines, *preamble, line_end="\r\n").encode()


BAD = export([0]).replace(b"1,2,3,4", b"1,?,3,4")


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    """A prepared root to copy."""
    return prepare(tmp_path_factory.mktemp("template")).root


@pytest.fixture
def space(template, tmp_path) -> Workspace:
    return Workspace(Path(copytree(template, tmp_path, dirs_exist_ok=True)))


@contextmanager
def copy_of(template: Path) -> Iterator[Workspace]:
    with TemporaryDirectory() as folder:
        yield Workspace(Path(copytree(template, folder, dirs_exist_ok=True)))


def prepare(root: Path, meters: str = METERS) -> Workspace:
    workspace = Workspace(root)
    workspace.prepare()
    workspace.meter_data.write_text(meters)
    save_meter_data(workspace, read_meter_data(workspace.meter_data))
    return workspace


def drop(workspace: Workspace, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (workspace.dropbox / name).write_bytes(data)


def take_in(workspace: Workspace, files: dict[str, bytes]) -> LoadSummary:
    drop(workspace, files)
    return load_files(workspace)


def query(workspace: Workspace, sql: str) -> list[tuple]:
    with open_warehouse(workspace.warehouse) as con:
        return con.execute(sql).fetchall()


def outcomes(workspace: Workspace) -> dict[str, str]:
    return dict(query(workspace, "select file_name, outcome from raw.files"))


def files_in(workspace: Workspace, folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (workspace.root / folder).iterdir()}


def all_hashes(workspace: Workspace) -> set[str]:
    folder = workspace.archive
    return {sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


# Outcomes


def test_each_outcome_has_its_place_and_its_letter(space):
    files = {
        "north-1.csv": export([0, 1]),
        "south-1.CSV": export([5]),
        "north-gap.csv": export([0, 2]),
        "north-bad.csv": BAD,
        "gen-1.csv": export([7]),
        "north-none.csv": export([]),
        "nodash.csv": export([8]),
    }
    summary = take_in(space, files)
    rejected = {
        "north-gap_SEQUENCE-ERROR": files["north-gap.csv"],
        "north-bad_UNREADABLE": files["north-bad.csv"],
        "gen-1_UNKNOWN-METER": files["gen-1.csv"],
        "north-none_EMPTY": files["north-none.csv"],
        "nodash_UNKNOWN-METER": files["nodash.csv"],
    }
    found = files_in(space, ERROR)
    assert files_in(space, GOOD) == {name: files[name] for name in ("north-1.csv", "south-1.CSV")}
    assert {n: found.pop(f"{n}.csv") for n in rejected} == rejected
    assert set(found) == {f"{name}.txt" for name in rejected}
    assert list(space.dropbox.iterdir()) == []
    assert (summary.file_count, summary.row_count, len(summary.rejected)) == (7, 3, 5)


def test_a_summary_says_of_each_stage_what_went_through_it(space):
    files = {"north-1.csv": export([0, 1]), "north-2.csv": BAD}
    size = sum(map(len, files.values()))
    stages = take_in(space, files).stages
    found = [(stage.name, stage.rows, stage.bytes) for stage in stages]
    assert found == [("reading", 3, size), ("loading", 2, size), ("filing", 2, size)]


def test_a_letter_shows_the_bad_line_four_lines_around_it_and_what_to_do(space):
    numbers = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]
    take_in(space, {"north-gap.csv": export(numbers)})
    letter = (space.rejected / "north-gap_SEQUENCE-ERROR.txt").read_text()
    assert "First bad line: 10 (record 7)" in letter
    assert "Start Time 07/12/24 12:30:00, the End Time of the row before" in letter
    assert f">      10  {row(7)}" in letter
    assert all(f"{n:>7}  " in letter for n in range(6, 15))
    assert row(1) not in letter and row(12) not in letter
    assert "What to do:" in letter
    assert letter in (space.logs / "dropbox-error.log").read_text()


def test_a_letter_shows_control_characters_as_escapes(space):
    take_in(space, {"north-a\n\x1b[2J.csv": BAD.replace(b"?", b"\x1b[2J")})
    letter = next(space.rejected.glob("*.txt")).read_text()
    log = (space.logs / "dropbox.log").read_text()
    assert "\x1b" not in letter + log
    assert len(log.splitlines()) == 1


def test_every_row_can_name_its_file_and_line(space):
    take_in(space, {"north-1.csv": export([3, 4])})
    tables = "raw.interval_reads inner join raw.files using (file_id)"
    sql = f"select sha256, line_number, record_no from {tables} order by line_number"
    digest = sha256(export([3, 4])).hexdigest()
    assert query(space, sql) == [(digest, 4, 3), (digest, 5, 4)]


MONTHS_OF_A_FILE = [
    (date(2024, 7, 1), 1876, NOON, datetime(2024, 8, 1)),
    (date(2024, 8, 1), 2, datetime(2024, 8, 1), datetime(2024, 8, 1, 0, 30)),
]
MONTHS = "select * exclude (file_id) from raw.file_months order by file_id, local_month"


def test_every_month_of_an_accepted_file_is_counted_with_its_first_and_last_moment(space):
    take_in(space, {"north-1.csv": export(range(1878)), "north-bad.csv": BAD})
    assert query(space, MONTHS) == MONTHS_OF_A_FILE


def test_a_warehouse_made_before_months_were_counted_gets_them_once(space):
    take_in(space, {"north-1.csv": export(range(1878))})
    query(space, "drop table raw.file_months")
    assert query(space, MONTHS) == MONTHS_OF_A_FILE
    query(space, "delete from raw.file_months")
    assert query(space, MONTHS) == []


def test_links_folders_and_other_files_are_left_alone(space, tmp_path):
    (tmp_path / "elsewhere.csv").write_bytes(export([0]))
    (space.dropbox / "north-link.csv").symlink_to(tmp_path / "elsewhere.csv")
    (space.dropbox / "north-folder.csv").mkdir()
    (space.dropbox / "note.txt").write_text("mine")
    summary = take_in(space, {"north-1.csv": export([1])})
    assert (summary.file_count, summary.left) == (1, ())
    left = {path.name for path in space.dropbox.iterdir()}
    assert left == {"north-link.csv", "north-folder.csv", "note.txt"}


NAMES = [
    "north- a 'b' \"c\" ä $(x) %s {0}.csv",
    "north-\n#1 x.csv",
    "north-*?[a]\\.csv",
    "north-..csv",
    "..csv",
    "...csv",
    "north-" + "x" * 245 + ".csv",
    "north-" + "x" * 245 + ".CSV",
    "north-" + "ü" * 122 + "y.csv",
]


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no such names")
def test_odd_names_lose_no_bytes(space):
    files = {name: export([i]) for i, name in enumerate(NAMES)}
    bad = {name: BAD + str(i).encode() for i, name in enumerate(NAMES)}
    assert take_in(space, files).file_count == take_in(space, bad).file_count == len(NAMES)
    hashes = {sha256(data).hexdigest() for data in [*files.values(), *bad.values()]}
    assert hashes <= all_hashes(space)
    stored = query(space, "select stored_as, sha256, letter is not null from raw.files")
    for place, digest, has_letter in stored:
        assert sha256((space.root / place).read_bytes()).hexdigest() == digest
        assert (space.root / place).with_suffix(".txt").exists() == has_letter
    assert len(set(stored)) == 2 * len(NAMES)


@pytest.mark.parametrize("name", ["year=2024", "line=1", "[a] b", "it's \u00e4"])
def test_the_root_may_have_any_name(tmp_path, name):
    space = prepare(tmp_path / name)
    files = {"north-1.csv": export([0]), "north-2.csv": export([1]), "north-3.csv": BAD}
    assert take_in(space, files).outcomes == {"accepted": 2, "unreadable": 1}


@pytest.mark.skipif(os.name == "nt", reason="Windows allows no such names")
def test_a_name_that_is_no_text_is_left_and_named(space):
    (space.dropbox / os.fsdecode(b"north-\xff.csv")).write_bytes(export([0]))
    summary = take_in(space, {"north-1.csv": export([1])})
    assert summary.outcomes == {"accepted": 1}
    assert summary.left == ("north-\\udcff.csv",)


@pytest.mark.parametrize(
    ("name", "feeder"), [("İz", "iz"), ("\u0391\u03a3", "\u03b1\u03c3"), ("ÄB", "äb")]
)
def test_a_feeder_with_other_letters_is_known_in_any_case(tmp_path, name, feeder):
    space = prepare(tmp_path, f"sta,meter,multiplier\n{name},1,1\n")
    take_in(space, {f"{name}-1.csv": export([0]), f"{feeder}-2.csv": export([1])})
    assert set(outcomes(space).values()) == {"accepted"}


def test_a_drop_folder_on_another_disk_works(tmp_path):
    disk = Path("/dev/shm")
    if not disk.is_dir() or disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs a second file system at /dev/shm")
    with TemporaryDirectory(dir=disk) as folder:
        (tmp_path / "_dropbox").mkdir()
        (tmp_path / "_dropbox/KW").symlink_to(folder)
        space = prepare(tmp_path)
        take_in(space, {"north-1.csv": export([0])})
        assert files_in(space, GOOD) == {"north-1.csv": export([0])}
        assert list(Path(folder).iterdir()) == []


# Names and contents that meet


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


def closings(space: Workspace) -> list[tuple]:
    return query(space, "select file_id, closed_by from raw.files order by 1")


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


# Crashes and changes


def commit_without_moving(space: Workspace, files: dict[str, bytes]) -> None:
    """What a run leaves that dies between its commit and its moves."""
    drop(space, files)
    with open_warehouse(space.warehouse) as con:
        found = list(inspect_files(find_files(space.dropbox), 1))
        loading._load_batch(con, space, *in_order(found), set())


MIXED = {
    "north-1.csv": export([0]),
    "north-2.csv": export([0]),
    "north-3.csv": BAD,
    "gen-1.csv": export([4]),
}


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


# Any set of files

SOURCES = {
    "overlap-1": ("north", export([0, 1, 2])),
    "overlap-2": ("north", export([1, 2, 3], "7,7,7,7")),
    "overlap-3": ("north", export([2], "8,,8,8")),
    "same-1": ("south", export([0, 1], "5,5,5,5")),
    "same-2": ("south", export([0, 1], "5,5,5,5")),
    "gap": ("south", export([0, 2])),
    "bad": ("north", BAD),
}
CONTENT = """
select sha256, accepted_seq, line_number, start_local, del_raw, rec_raw
from raw.interval_reads inner join raw.files using (file_id) order by accepted_seq, line_number
"""
WINNERS = """
select feeder, start_local, arg_max(del_raw, accepted_seq)
from raw.interval_reads inner join raw.files using (file_id) group by all order by all
"""


def load_named(template: Path, names: dict[str, str], batch: int) -> tuple[list, list]:
    with copy_of(template) as space:
        kept, loading.BATCH_FILES = loading.BATCH_FILES, batch
        try:
            feeders = {key: SOURCES[key] for key in names}
            take_in(space, {f"{f}-{names[key]}.csv": data for key, (f, data) in feeders.items()})
        finally:
            loading.BATCH_FILES = kept
        sequence = {}
        rows = query(space, CONTENT)
        for digest, number, *_ in rows:
            sequence.setdefault(number, digest)
        order = list(sequence.values())
        return [(order.index(r[0]), r[0], *r[2:]) for r in rows], query(space, WINNERS)


@pytest.fixture(scope="module")
def plain(template) -> tuple[list, list]:
    """What is read of the sources under their own names, in one batch."""
    return load_named(template, {key: key for key in SOURCES}, 1000)


@settings(max_examples=12, deadline=None)
@given(st.permutations(range(len(SOURCES))), st.integers(1, 8))
def test_names_and_batches_do_not_change_what_is_read(template, plain, order, batch):
    assert load_named(template, dict(zip(SOURCES, map(str, order), strict=True)), batch) == plain


@settings(max_examples=12, deadline=None)
@given(st.sets(st.integers(1, 19)))
def test_any_split_of_the_same_rows_loads_the_same_rows(template, cuts):
    edges = [0, *sorted(cuts), 20]
    parts = [range(a, b) for a, b in pairwise(edges)]
    with copy_of(template) as space:
        take_in(space, {f"north-{i}.csv": export(part) for i, part in enumerate(parts)})
        rows = query(
            space, "select record_no, start_local, del_raw from raw.interval_reads order by 1"
        )
    assert rows == [(n, NOON + timedelta(minutes=15 * n), 1) for n in range(20)]


mutations = st.lists(
    st.tuples(st.integers(0, len(export(range(4))) - 1), st.binary(max_size=3)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=15, deadline=None)
@given(st.lists(mutations, min_size=1, max_size=20))
def test_no_damage_to_a_file_loses_a_byte_or_stops_a_run(template, damages):
    files = {}
    for number, damage in enumerate(damages):
        data = bytearray(export(range(4)))
        for at, new in damage:
            data[at : at + 1] = new
        files[f"north-{number}.csv"] = bytes(data)
    with copy_of(template) as space:
        summary = take_in(space, files | {"south-good.csv": export([9])})
        assert summary.file_count == len(files) + 1
        assert outcomes(space)["south-good.csv"] == "accepted"
        assert {sha256(data).hexdigest() for data in files.values()} <= all_hashes(space)
        letters = len(list(space.rejected.glob("*.txt")))
        assert letters == len(summary.rejected)
        assert list(space.dropbox.iterdir()) == []


# Real data


needs_real_data = pytest.mark.skipif(not RAW.is_dir(), reason=f"no real exports at {RAW}")


def load_real(folder: Path, name: str) -> tuple[Workspace, dict]:
    copytree(RAW / name, folder, dirs_exist_ok=True, copy_function=copyfile)
    space = prepare(folder, (RAW / name / "meter-data.csv").read_text())
    load_files(space)
    expected = json.loads((RAW / "expected.json").read_text())[name]
    return space, {feeder.lower(): facts for feeder, facts in expected.items()}


@needs_real_data
@pytest.mark.parametrize("name", ["substations", "steel-plant"])
def test_real_exports_load_to_the_sums_of_their_source(tmp_path, name):
    space, expected = load_real(tmp_path, name)
    assert set(outcomes(space).values()) == {"accepted"}
    sums = ", ".join(f"sum({value})" for value in EXACT.values())
    tables = "raw.interval_reads inner join raw.files using (file_id)"
    span = "count(*), min(start_local)::varchar, max(end_local)::varchar"
    found = {
        f: row
        for f, *row in query(space, f"select feeder, {span}, {sums} from {tables} group by 1")
    }
    facts = ("rows", "first_start", "last_end")
    for feeder, wanted in expected.items():
        channels = [None if s is None else Decimal(s) for s in wanted["channel_sums"]]
        assert found.pop(feeder) == [*(wanted[fact] for fact in facts), *channels]
    assert found == {}


@needs_real_data
def test_a_hole_in_a_real_export_is_a_sequence_error_where_the_source_has_it(tmp_path):
    space, expected = load_real(tmp_path, "transformers")
    holes = {
        (feeder, end[:7]): datetime.fromisoformat(end)
        for feeder, facts in expected.items()
        for _, end in reversed(facts["gaps"])
    }
    rows = query(space, "select feeder, first_start_local, outcome, reason from raw.files")
    assert len(rows) == sum(facts["files"] for facts in expected.values())
    for feeder, start, outcome, reason in rows:
        hole = holes.get((feeder, f"{start:%Y-%m}"))
        assert outcome == ("sequence_error" if hole else "accepted")
        assert hole is None or f"found Start Time {hole:%m/%d/%y %H:%M:%S}" in reason
