"""Define what a layout is given and what it gives back. Knows no layout and no rule.

A layout describes how one kind of file is read. Its rows are all that the rules look at: one row
per feeder and interval, with the columns of `ROW_COLUMNS`. The key is file, line and position;
lines of a file with its newest row first count below 0, so that their order is that of recording.
All rows of a RawFile are of one feeder: a file of several meters is a RawFile for each, a part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import duckdb

from ingest.file_names import original_name
from ingest.problems import Problem
from ingest.serial_numbers import Serial
from ingest.workspace import INTERVAL

POWER = ("del_raw", "rec_raw")
VALUES = (*POWER, "kva_del_raw", "kva_rec_raw", "kvar_del_raw", "kvar_rec_raw")
# Name and type in DuckDB. All but the first four and the two times may be NULL: a value that is
# unknown, never 0; a record that the layout does not number; `long_values` unless one of the values
# has more than six decimals, then all six with all of their digits; the offset where only the clock
# of the meter is known. With an offset, both times are at it: the end too, also where the clock
# changes within the row.
ROW_COLUMNS = {
    "file_no": "INTEGER",
    "feeder": "VARCHAR",
    "line_number": "BIGINT",
    "position": "INTEGER",
    "record_no": "BIGINT",
    "event_type": "VARCHAR",
    "start_local": "TIMESTAMP",
    "end_local": "TIMESTAMP",
    **dict.fromkeys(VALUES, "DECIMAL(18,6)"),
    "long_values": "DECIMAL(38,18)[]",
    "serial_no": "VARCHAR",
    "utc_offset_minutes": "SMALLINT",
}
Values = tuple[Decimal | None, ...]


@dataclass(frozen=True)
class Outline:
    """What a first look at a file found: enough to put files in order and to find its rows.

    `header_line` counts from 1; `row_lines` is the number of lines below it without the empty ones
    at the end; `serials` are the serial numbers above it; span and record are those of the first
    and last row. With a problem the rows are not read. `absent` is the direction, as a column of
    VALUES, that the file has no channel for; `notes` count what was normalised; `folder` has the
    layout files of the root, which come before those shipped.
    """

    problem: Problem | None = None
    header_line: int = 0
    row_lines: int = 0
    first_start: datetime | None = None
    last_end: datetime | None = None
    first_record: int | None = None
    serials: tuple[Serial, ...] = ()
    absent: str | None = None
    notes: tuple[tuple[str, int], ...] = ()
    folder: Path | None = None


@dataclass(frozen=True)
class Reading:
    """The table or view that holds the rows read, and the problems of files that were not read.

    No two layouts may name theirs alike.
    """

    rows: str
    problems: Mapping[int, Problem]


class LayoutFileError(ValueError):
    """A layout file that cannot be used; the message names file, key, value and what is allowed."""


class Layout(Protocol):
    """A reader of one layout."""

    name: str

    def why_not(self, beginning: bytes) -> Problem | None:
        """Return why a file that begins so is not of this layout, None if it is."""
        ...

    def outline(self, data: bytes, name: str) -> Outline:
        """Return what the bytes and the name of a recognised file say before its rows are read."""
        ...

    def read(self, con: duckdb.DuckDBPyConnection, files: Mapping[int, "RawFile"]) -> Reading:
        """Read all rows of files, by their number in the batch, into a temporary table or view.

        Called once a batch, also without any file: the relation has to exist even then. A file that
        writes only the ends of its intervals gets its starts here.
        """
        ...

    def first_row_at(self, raw: "RawFile", start: datetime) -> tuple[int | None, Values] | None:
        """Return record and values of the first row that starts then, None without one."""
        ...

    def values_by_time(self, raw: "RawFile") -> dict[tuple[bytes, bytes], Values]:
        """Return values by the text of start and end as written; of a repeated time, the last."""
        ...


@dataclass(frozen=True)
class OwnPoint:
    """A point of a file that a feeder's row in meter-data.csv names, and which channels it uses.

    `channels` maps indexes of the file's channels to what they measure there; `valid` are the
    periods of the rows that name the point, on the meter's clock. `converted` has those of power
    where energy is declared, or the other way round, with the unit that is declared.
    """

    name: str | None
    channels: Mapping[int, str]
    valid: tuple[tuple[datetime | None, datetime | None], ...]
    converted: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """What a file holds of one feeder: its points there, and the zone of the meter's clock.

    `absent` is the direction that meter-data.csv declares absent, as a column of VALUES. `span` is
    that of all points of the file.
    """

    points: tuple[OwnPoint, ...]
    timezone: str
    absent: str | None
    span: tuple[datetime, datetime]

    @property
    def name(self) -> str | None:
        """The points as the file names them; None if it names none."""
        return ", ".join(point.name for point in self.points if point.name) or None


@dataclass(frozen=True)
class RawFile:
    """A file, or what it holds of one feeder, as it was when it was read.

    `feeder` is that of `part`, or the one in the file's name; `kind` what it holds, a key of
    FOLDERS.
    """

    path: Path
    size: int
    modified_ns: int
    sha256: str
    feeder: str
    layout: Layout | None = None
    outline: Outline = Outline()
    part: Part | None = None
    kind: str = INTERVAL

    @property
    def problem(self) -> Problem | None:
        """Why its rows cannot be read, as far as the outline shows it."""
        return self.outline.problem

    @property
    def name(self) -> str:
        """The name that the file first came with, also when it is dropped again from ERROR."""
        return original_name(self.path.name, self.sha256)

    def is_unchanged(self) -> bool:
        """Whether the file on disk still has the size and time it had when it was read."""
        try:
            now = self.path.stat()
        except OSError:
            return False
        return (now.st_size, now.st_mtime_ns) == (self.size, self.modified_ns)
