"""What becomes of a dropped file: outcome, ledger, archive, letter, log."""

import json
import os
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from shutil import copyfile, copytree
from tempfile import TemporaryDirectory

import pytest
from conftest import EXACT
from dropped_files import (
    BAD,
    ERROR,
    GOOD,
    NOON,
    all_hashes,
    drop,
    export,
    files_in,
    outcomes,
    prepare,
    query,
    row,
    take_in,
)

from ingest.load_files import load_files
from ingest.workspace import Workspace

RAW = Path(__file__).parents[3] / "shared/data/raw"


@pytest.fixture
def space(prepared, tmp_path) -> Workspace:
    """A copy of the root without files."""
    return Workspace(copytree(prepared, tmp_path, dirs_exist_ok=True))


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
    (space.dropbox / "note.pdf").write_text("mine")
    summary = take_in(space, {"north-1.csv": export([1])})
    assert (summary.file_count, summary.left) == (1, ())
    left = {path.name for path in space.dropbox.iterdir()}
    assert left == {"north-link.csv", "north-folder.csv", "note.pdf"}


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


def test_a_feeder_with_other_letters_is_known_in_any_case(tmp_path):
    names = {"İz": "iz", "\u0391\u03a3": "\u03b1\u03c3", "ÄB": "äb"}
    rows = (f"{name},{n},1\n" for n, name in enumerate(names))
    space = prepare(tmp_path, "sta,meter,multiplier\n" + "".join(rows))
    for name, feeder in names.items():
        drop(space, {f"{name}-1.csv": export([0]), f"{feeder}-2.csv": export([1])})
    assert load_files(space).outcomes == {"accepted": 2 * len(names)}


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
