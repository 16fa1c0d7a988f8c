"""Files that arrive together and hold other values for the same intervals: which one counts."""

import os
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from conftest import query, take_in

from ingest.review import rebuild_warehouse
from ingest.workspace import Workspace

HEADER = "Record No.,Event Type,Start Time,End Time,-1-,-2-,-3-,-4-\n"
DAY = datetime(2024, 7, 1)
NOON = 1_720_000_000


def export(first_record: int, value: float, hours: int = 24, start: datetime = DAY) -> str:
    """An hourly export in which every interval has the same value."""
    lines = []
    for row in range(hours):
        at = start + timedelta(hours=row)
        ends = ",".join(f"{t:%m/%d/%y %H:%M:%S}" for t in (at, at + timedelta(hours=1)))
        lines.append(f"{first_record + row},Normal,{ends},{value},0,{value},0\n")
    return HEADER + "".join(lines)


def root_with(folder: Path, *files: tuple[str, str, int]) -> Path:
    """A root with files (name, text, seconds of their modification time) in its drop folder."""
    space = Workspace(folder)
    space.prepare()
    space.meter_data.write_text("sta,meter,multiplier,interval_minutes\nnorth,1,28800,60\n")
    for name, text, seconds in files:
        (space.dropbox / name).write_text(text)
        os.utime(space.dropbox / name, (seconds, seconds))
    return folder


def counting(root: Path) -> tuple[str, str]:
    """The value of the file that counts, and why."""
    [(value, why)] = query(
        root,
        """select max(kw_del)::varchar, any_value(precedence) from raw.interval_reads
        inner join raw.files using (file_id)
        where accepted_seq = (select max(accepted_seq) from raw.files)""",
    )
    return value, why


@pytest.mark.parametrize(
    ("first", "second", "value", "why"),
    [
        # the meter's later records, although that file was written first and ends earlier
        ((export(500, 2), 90), (export(100, 1, 30), 99), "2.000000", "(Record No. 500 against 100"),
        # a later start within the other file has the records of its own place
        (
            (export(100, 1), 90),
            (export(900, 2, 9, DAY + timedelta(hours=3)), 80),
            "2.000000",
            "(Record No. 900 against 103 at 2024-07-01 03:00)",
        ),
        # rows that both files count from 1 are no records of a meter, whatever their places
        ((export(1, 1), 90), (export(1, 2, 9, DAY + timedelta(hours=3)), 95), "2.000000", "a weak"),
        # the same records twice: the later written file is the re-read
        ((export(100, 1), 95), (export(100, 2), 90), "1.000000", "it was written later (2024-07"),
        # copied together: the one that ends later
        ((export(100, 1, 25), 90), (export(100, 2), 91), "1.000000", "it ends later"),
        ((export(100, 1), 90), (export(100, 2), 91), None, "the order of their sha256 decided"),
    ],
)
def test_later_records_count_then_the_later_written_file_then_what_ends_later(
    tmp_path, first, second, value, why
):
    found = set()
    for number, names in enumerate(permutations(("north-a.csv", "north-b.csv"))):
        dropped = [
            (name, text, NOON + seconds)
            for name, (text, seconds) in zip(names, (first, second), strict=True)
        ]
        root = root_with(tmp_path / str(number), *dropped)
        take_in(root)
        won, said = counting(root)
        assert why in said and "north-a.csv" in said and "north-b.csv" in said
        assert value in (None, won)
        found.add(won)
    assert len(found) == 1  # whatever the names


def test_a_circle_of_three_files_is_cut_in_the_same_place_whatever_their_names(tmp_path):
    # b has later records than a, c was written after b, a was written after c
    texts = [(export(100, 1), 99), (export(500, 2), 90), (export(1, 3, 20), 95)]
    found = set()
    for number, names in enumerate(permutations(("north-a.csv", "north-b.csv", "north-c.csv"))):
        files = [(n, text, NOON + at) for n, (text, at) in zip(names, texts, strict=True)]
        root = root_with(tmp_path / str(number), *files)
        take_in(root)
        found.add(counting(root)[0])
    assert len(found) == 1


def test_a_rebuild_keeps_the_order_in_which_files_were_accepted(tmp_path):
    root = root_with(
        tmp_path / "root",
        ("north-a.csv", export(100, 1), NOON + 60),
        ("north-b.csv", export(100, 2), NOON),
    )
    take_in(root)
    before = counting(root)
    assert before[0] == "1.000000"
    for path in (root / "data/KW/2024-07").glob("*.csv"):
        os.utime(path, (1, 1))
    rebuild_warehouse(Workspace(root))
    assert counting(root) == before
