"""Files of hourly meters that hold the same intervals, and roots to drop them in."""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import raw_exports
from conftest import query

from ingest.workspace import Workspace

DAY = datetime(2024, 7, 1)
NOON = 1_720_000_000

File = tuple[str, str, int]  # name, text, seconds of its modification time


def export(first_record: int, value: float, hours: int = 24, start: datetime = DAY) -> str:
    """An hourly export in which every interval has the same value."""
    values = f"{value},0,{value},0"
    return raw_exports.export(
        raw_exports.rows(start, hours, values, minutes=60, first=first_record)
    )


def root_with(folder: Path, *files: File, feeders: Iterable[str] = ("north",)) -> Path:
    """A root with hourly meters, and with files in its drop folder."""
    space = Workspace(folder)
    space.prepare()
    space.meter_data.write_text(
        "sta,meter,multiplier,interval_minutes\n"
        + "".join(f"{feeder},{n},28800,60\n" for n, feeder in enumerate(feeders, 1))
    )
    for name, text, seconds in files:
        (space.dropbox / name).write_text(text)
        os.utime(space.dropbox / name, (seconds, seconds))
    return folder


def counting(root: Path) -> dict[str, tuple[str, str]]:
    """By feeder the value of the file that counts, and why."""
    found = query(
        root,
        """select feeder, max(del_raw)::varchar, any_value(precedence) from raw.interval_reads
        inner join raw.files using (file_id)
        where accepted_seq in (select max(accepted_seq) from raw.files group by feeder)
        group by feeder""",
    )
    return {feeder: (value, why) for feeder, value, why in found}


def outcomes(root: Path) -> dict[str, str]:
    """What became of each file, by name."""
    return dict(
        query(root, "select file_name, outcome from raw.files where outcome <> 'duplicate'")
    )
