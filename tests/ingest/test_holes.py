"""Files with holes only: accepted at once or released later, the same counts; and doubled rows."""

import os
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import raw_exports
from conftest import BUILD, dbt, load_profile, query, summary, untested
from dropped_files import NOON, drop, export, prepare, row
from point_files import with_points

from ingest.load_files import load_files
from ingest.release import release_file, release_holes
from ingest.review import ReviewError, rebuild_warehouse, withdraw_file
from ingest.warehouse import utc_now
from ingest.workspace import Workspace

DAY = datetime(2024, 7, 1)
FEEDERS = ("north", "south", "east", "west")
METERS = "sta,meter,multiplier,interval_minutes\n" + "".join(
    f"{name},{n},28800,60\n" for n, name in enumerate(FEEDERS)
)
ACCEPT = 'holes = "accept"\n'
READS = """
select feeder, start_local, line_number, record_no, del_raw, rec_raw, files.sha256,
    dense_rank() over (order by accepted_seq) as rank, precedence, files.row_count, notes
from raw.files as files inner join raw.interval_reads using (file_id)
where outcome = 'accepted'
    and file_id not in (select release_of from raw.files where outcome = 'withdrawn')
order by all
"""
MODELS = ("feeder_profiles", "combined_profiles", "gaps", "corrections", "file_conflicts")


@dataclass(frozen=True)
class Dropped:
    name: str
    text: str
    modified: int


def holed(chance: random.Random, lines: list[str]) -> list[str]:
    """The lines without up to three pieces of their middle."""
    for _ in range(chance.choice((0, 1, 1, 2, 3))):
        at = chance.randrange(1, len(lines) - 2)
        lines = lines[:at] + lines[at + chance.randrange(1, 5) :]
    return lines


def random_drops(seed: int, count: int = 3) -> list[list[Dropped]]:
    """Files of some feeders, of overlapping time, holed or not, corrected or dropped again."""
    chance = random.Random(seed)
    drops: list[list[Dropped]] = []
    for _ in range(count):
        files = []
        for feeder in FEEDERS:
            for _ in range(chance.randrange(1, 4)):
                start = DAY + timedelta(hours=chance.randrange(48))
                first = chance.choice((0, 1, 100, 500))
                lines = [
                    raw_exports.row(
                        first + n, *ends, chance.choice(("{},0,,", ",,,", "{0},{0},,"))
                    ).format(chance.randrange(100, 999))
                    for n, ends in enumerate(raw_exports.intervals(start, 30, 60))
                ]
                name = f"{feeder}-{chance.choice('abcd')}.csv"
                modified = 1_720_000_000 + chance.randrange(4) * 60
                text = raw_exports.export(holed(chance, lines), f"{feeder} {chance.random()}")
                files.append(Dropped(name, text, modified))
        if drops and chance.random() < 0.7:
            files.append(chance.choice(drops[0]))  # the same bytes again
        drops.append(files)
    return drops


def take_in(space: Workspace, files: Iterable[Dropped]) -> None:
    """Drop files and load them; of one name the last is there."""
    for file in files:
        (space.dropbox / file.name).write_text(file.text)
        os.utime(space.dropbox / file.name, (file.modified, file.modified))
    load_files(space)


def root_with(folder: Path, settings: str = "") -> Workspace:
    space = prepare(folder, METERS)
    space.settings.write_text(settings)
    return space


@pytest.mark.parametrize("seed", range(3))
def test_accepting_holes_at_arrival_and_releasing_them_later_load_the_same(tmp_path, seed):
    drops = random_drops(seed)
    accepting = root_with(tmp_path / "accept", ACCEPT)
    late, early = root_with(tmp_path / "late"), root_with(tmp_path / "early")
    for files in drops:
        for space in (accepting, late, early):
            take_in(space, files)
        assert not release_holes(early, "each time").refused
    assert query(late.root, READS) != query(accepting.root, READS)  # some wait
    done = release_holes(late, "at the end")
    wanted = query(accepting.root, READS)
    for space in (late, early):
        assert query(space.root, READS) == wanted
    assert not query(late.root, "from raw.files where letter is not null and closed_by is null")
    assert not list(late.rejected.glob("*.csv")) and done.file_count > 1 and not done.refused
    rebuild_warehouse(late)
    assert query(late.root, READS) == wanted


def test_the_profile_is_the_same_either_way(tmp_path):
    accepting, late = root_with(tmp_path / "accept", ACCEPT), root_with(tmp_path / "late")
    for files in random_drops(7):
        for space in (accepting, late):
            take_in(space, files)
    dbt(late.root, *BUILD, *untested("feeder_profiles"))
    before = query(late.root, "from feeder_profiles order by all")
    release_holes(late, "power failures")
    for space in (accepting, late):
        dbt(space.root, *BUILD, *untested(*MODELS))
    found = [
        [
            query(space.root, sql)
            for sql in (
                "select * exclude (file_id) from feeder_profiles order by all",
                "from combined_profiles order by all",
                "from gaps order by all",
                """select feeder, interval_start_at, channel, old_value, new_value
                from corrections order by all""",
                """select feeder, new_file_name, old_file_name, different_intervals, decided_by
                from file_conflicts order by all""",
            )
        ]
        for space in (accepting, late)
    ]
    assert found[0] == found[1] and all(found[0])
    assert before != query(late.root, "from feeder_profiles order by all")


OTHER = export([0, 1, 2]) + (row(2, "9,2,3,4") + "\r\n" + row(3) + "\r\n").encode()
HOLE = export([*range(8), *range(10, 16)])


def test_a_holed_file_waits_with_a_letter_that_names_both_ways_to_use_it(tmp_path):
    space = prepare(tmp_path)
    drop(space, {"north-a.csv": HOLE, "south-a.csv": OTHER})
    started = utc_now()
    load_files(space)
    letter = (space.rejected / "north-a_SEQUENCE-ERROR.txt").read_text()
    assert "load-profile release --holes\n" in letter and 'holes = "accept"\n' in letter
    assert "2 intervals missing" in letter
    assert "--holes" not in (space.rejected / "south-a_SEQUENCE-ERROR.txt").read_text()
    said = summary(space.root, started)
    command = f'`load-profile release --holes --root "{space.root}"`'
    assert f"1 file has holes only (2 intervals); {command} takes it in" in said


def test_many_files_rejected_for_the_same_take_one_entry_of_the_summary(tmp_path):
    space = prepare(tmp_path)
    files = {f"north-{n}.csv": export([*range(8), *range(10, 12 + n)]) for n in range(6)}
    drop(space, {**files, "south-a.csv": OTHER})
    started = utc_now()
    load_files(space)
    said = summary(space.root, started)
    assert "sequence_error 6 files, such as 'north-0.csv': line" in said
    assert "    also 'north-1.csv', 'north-2.csv' and 3 more; their letters are in data/KW/" in said
    assert "north-3" not in said and said.count("to accept it all the same") == 1
    assert "sequence_error 'south-a.csv': line" in said and "6 files have holes only" in said


def test_the_setting_takes_a_holed_file_in_with_a_note(tmp_path):
    space = prepare(tmp_path)
    space.settings.write_text(ACCEPT)
    drop(space, {"north-a.csv": HOLE, "south-a.csv": HOLE + b"\r\n"})
    started = utc_now()
    assert load_files(space).outcomes == {"accepted": 2}
    notes = query(space.root, "select notes, row_count from raw.files where feeder = 'north'")
    assert notes == [('{"holes": 1, "missing_intervals": 2}', 14)]
    said = summary(space.root, started)
    assert "in 2 files: 4 intervals missing in holes" in said and "release --holes" not in said
    shown = load_profile("status", "north", "--root", space.root).stdout
    assert "1 hole between good rows" in shown


def test_the_command_releases_all_and_one_that_cannot_be_stops_no_other(tmp_path):
    space = prepare(tmp_path)
    drop(
        space,
        {"north-a.csv": HOLE, "general-a.csv": HOLE, "south-a.csv": HOLE.replace(b"Display", b"")},
    )
    load_files(space)
    (space.rejected / "south-a_SEQUENCE-ERROR.csv").write_text("changed")
    tomorrow = f"{utc_now() + timedelta(days=1):%Y-%m-%d}"
    done = load_profile("release", "--holes", "--since", tomorrow, "--root", space.root)
    assert "No rejected file has holes only." in done.stdout and done.returncode == 0
    done = load_profile("release", "--holes", "--reason", "outages", "--root", space.root)
    assert done.returncode == 0, done.stderr
    assert "Not released: south-a.csv: " in done.stdout
    assert "28 rows of 2 files with holes only; 4 intervals missing" in done.stdout
    rows = "select feeder, release_reason from raw.files where outcome = 'accepted' order by 1"
    assert query(space.root, rows) == [("general", "outages"), ("north", "outages")]
    assert [p.name for p in space.rejected.glob("*.csv")] == ["south-a_SEQUENCE-ERROR.csv"]
    again = load_profile("release", "--holes", "north-a.csv", "--root", space.root)
    assert again.returncode == 2 and "Name a file" in again.stderr


def test_what_was_withdrawn_is_not_released_again_with_the_others(tmp_path):
    space = prepare(tmp_path)
    drop(space, {"north-a.csv": HOLE})
    load_files(space)
    assert release_holes(space, "so").file_count == 1
    withdraw_file(space, "north-a.csv", "wrong meter")
    assert release_holes(space, "so").file_count == 0
    drop(space, {"north-a.csv": HOLE})
    load_files(space)
    assert release_holes(space, "right after all").file_count == 1
    ((seq, of),) = query(
        space.root, "select accepted_seq, release_of from raw.files order by file_id desc limit 1"
    )
    assert seq == of


@pytest.mark.parametrize("others", [[], [0, 1, 2, 3]])
def test_all_holed_parts_of_a_file_are_released_at_once(tmp_path, others):
    points = {"n": [0, 1, 4], "s": [0, 3, 4]} | ({"o": others} if others else {})
    space = prepare(
        tmp_path, "sta,meter,multiplier,channel_unit\nnorth,n,1,kW\nsouth,s,1,kW\nother,o,1,kW\n"
    )
    lines = [
        f"{point},2024-07-01T{n // 4:02}:{n % 4 * 15:02},{code},1"
        for point, numbers in points.items()
        for n in numbers
        for code in "EB"
    ]
    text = "\n".join(["point,start_utc,code,value", *lines, ""])
    (space.dropbox / "all.csv").write_text(text)
    load_files(space, recognise=with_points)
    done = release_holes(space, "so", recognise=with_points)
    assert (done.file_count, done.row_count, done.missing_intervals) == (1, 6, 4)
    assert not done.refused and not list(space.rejected.iterdir())
    assert (space.archive / "2024-07/all.csv").read_text() == text


def test_a_hole_that_is_not_of_whole_intervals_is_no_hole_only(tmp_path):
    late = [row(n).replace(":00:00", ":05:00") for n in (8,)]
    assert late[0] != row(8)
    space = prepare(tmp_path)
    space.settings.write_text(ACCEPT)
    text = raw_exports.export([*(row(n) for n in range(6)), *late])
    drop(space, {"north-a.csv": text.encode()})
    assert load_files(space).outcomes == {"sequence_error": 1}
    assert release_holes(space, "so").file_count == 0


def test_rows_repeated_word_for_word_are_left_out_and_counted(tmp_path):
    space = prepare(tmp_path)
    drop(space, {"north-a.csv": export([0, 1, 1, 2, 3, 0, 1, 2, 3, 4])})
    started = utc_now()
    assert load_files(space).outcomes == {"accepted": 1}
    rows = query(space.root, "select line_number, start_local from raw.interval_reads order by 1")
    assert [start for _, start in rows] == [NOON + timedelta(minutes=15 * n) for n in range(5)]
    assert [line for line, _ in rows] == [4, 5, 7, 8, 13]
    assert query(space.root, "select notes, row_count from raw.files") == [
        ('{"repeated_rows": 5}', 5)
    ]
    assert "in 1 file: 5 rows repeating another word for word: left out" in summary(
        space.root, started
    )
    rebuild_warehouse(space)
    assert (
        query(space.root, "select line_number, start_local from raw.interval_reads order by 1")
        == rows
    )


def test_equal_rows_of_the_hour_that_a_clock_repeats_stay(tmp_path):
    space = prepare(tmp_path, "sta,meter,multiplier,timezone\nnorth,1,1,America/Denver\n")
    hour = [datetime(2024, 11, 3, 1, 15 * n) for n in range(4)]
    ends = [(at, at + timedelta(minutes=15)) for at in hour]
    lines = [raw_exports.row(5, *pair) for pair in (*ends[:3], (ends[3][0], hour[0]), *ends)]
    drop(space, {"north-a.csv": raw_exports.export(lines).encode()})
    assert load_files(space).row_count == 8


def test_of_two_rows_of_one_time_the_one_that_a_person_names_is_loaded(tmp_path):
    space = prepare(tmp_path)
    drop(space, {"north-a.csv": OTHER, "south-a.csv": OTHER + b"\r\n"})
    load_files(space)
    letter = (space.rejected / "north-a_SEQUENCE-ERROR.txt").read_text()
    assert "other values: line 6 has 1 2 3 4, line 8 has 9 2 3 4" in letter
    assert "--keep first or --keep last" in letter
    for name, keep in (("north-a.csv", "first"), ("south-a.csv", "last")):
        done = load_profile("release", name, "--keep", keep, "--root", space.root)
        assert done.returncode == 0, done.stderr
    reads = "select feeder, start_local, del_raw from raw.interval_reads join raw.files using "
    reads += "(file_id) order by 1, 2"
    rows = query(space.root, reads)
    assert [int(found) for *_, found in rows] == [1, 1, 1, 1, 1, 1, 9, 1]
    shown = load_profile("status", "north", "--root", space.root).stdout
    assert "left out by decision, --keep first" in shown
    rebuild_warehouse(space)
    assert query(space.root, reads) == rows
    origins = untested("reading_origins", "edited_values", "interval_validations")
    dbt(space.root, *BUILD, *origins)
    for feeder, keep in (("north", "first"), ("south", "last")):
        said = load_profile("why", feeder, "2024-07-12 11:30", "--root", space.root).stdout
        assert f"left out by decision, --keep {keep}" in said


def test_a_file_without_a_doubled_start_is_not_released_with_keep(tmp_path):
    space = prepare(tmp_path)
    drop(space, {"north-a.csv": HOLE})
    load_files(space)
    with pytest.raises(ReviewError, match="no two rows that start at one time"):
        release_file(space, "north-a.csv", "so", keep="first")


def test_a_holed_file_that_is_released_by_name_counts_in_the_place_of_its_arrival(tmp_path):
    space = prepare(tmp_path)
    drop(space, {"north-a.csv": HOLE})
    load_files(space)
    drop(space, {"north-b.csv": export(range(4), "5,2,3,4")})
    load_files(space)
    release_file(space, "north-a.csv", "outage")
    order = "select file_name from raw.files where outcome = 'accepted' order by accepted_seq"
    assert query(space.root, order) == [("north-a.csv",), ("north-b.csv",)]
