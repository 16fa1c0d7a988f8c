"""Read register reads: what the registers of meters showed at a time. Knows no rule.

A CSV file with a column each for the meter, the time on its own clock and the registers. Digits
are kept as the file has them: their decimals say what one count of the register is.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import duckdb

from ingest.layouts.interface import Outline, RawFile, Reading, Values
from ingest.layouts.parsed import LayoutError
from ingest.problems import Problem
from ingest.workspace import REGISTER

METER, READ_AT = "meter", "read_at"
REQUIRED = (METER, READ_AT, "kwh_del", "kwh_rec")
CHANNELS = ("kwh_del", "kwh_rec", "kvah_del", "kvah_rec", "kvarh_del", "kvarh_rec")
DELIMITERS = ",;\t"
NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
TIMES = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"),
    *("%m/%d/%y %H:%M:%S", "%m/%d/%y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"),
)
ROWS = "register_rows"
AFTER_READ = timedelta(minutes=1)  # so that two files of one read each share its time
MOST_TEXT = 80
HEAD = 4096  # bytes in which the header row is


@dataclass(frozen=True)
class RegisterOutline(Outline):
    """The outline of a file of register reads: the first and the last read of each meter.

    `names` has how meter-data.csv writes the meters of a part.
    """

    spans: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RegisterRead:
    """One row: what the registers of a meter showed, in the order of CHANNELS; None = not read."""

    line: int
    meter: str
    read_at: datetime
    values: tuple[str | None, ...]


class RegisterLayout:
    """The layout of register reads."""

    name = REGISTER

    def why_not(self, beginning: bytes) -> Problem | None:
        """Return why a file that begins so holds no register reads, None if it does."""
        head = beginning[:HEAD]
        if READ_AT.encode() not in head.replace(b"\0", b"").lower():  # nearly every other file
            return Problem("no_register_reads")
        first = _first_line(_text(head, "replace"))
        names = _names(next(csv.reader([first], delimiter=_delimiter(first)), []))
        return None if {METER, READ_AT} <= set(names) else Problem("no_register_reads")

    def outline(self, data: bytes, name: str) -> Outline:
        """Return which meters the file has reads of, and from when to when."""
        try:
            reads = list(parse(data))
        except LayoutError as error:
            return RegisterOutline(error.problem)
        if not reads:
            return RegisterOutline(Problem("no_rows"))
        spans: dict[str, tuple[datetime, datetime]] = {}
        for read in reads:
            first, last = spans.get(read.meter, (read.read_at, read.read_at))
            spans[read.meter] = min(first, read.read_at), max(last, read.read_at)
        return RegisterOutline(
            header_line=1,
            row_lines=len(reads),
            first_start=min(first for first, _ in spans.values()),
            last_end=max(last for _, last in spans.values()) + AFTER_READ,
            spans=spans,
        )

    def read(self, con: duckdb.DuckDBPyConnection, files: Mapping[int, RawFile]) -> Reading:
        """Read the rows of parts into ROWS, each meter as meter-data.csv writes it."""
        values = ", ".join(f"{name} varchar" for name in CHANNELS)
        con.execute(
            f"create or replace temp table {ROWS} "
            f"(file_no int, line_number bigint, meter varchar, read_at_local timestamp, {values})"
        )
        marks = ", ".join("unnest(?)" for _ in range(4 + len(CHANNELS)))
        for number, raw in files.items():
            try:
                reads = list(parse(raw.path.read_bytes()))
            except (OSError, LayoutError):
                if raw.is_unchanged():
                    raise
                continue  # what was changed or taken away is left for later
            own = raw.outline.names
            rows = [
                [number, read.line, own[read.meter], read.read_at, *read.values]
                for read in reads
                if read.meter in own
            ]
            columns = [list(column) for column in zip(*rows, strict=True)]
            con.execute(f"insert into {ROWS} select {marks}", columns)
        return Reading(ROWS, {})

    def first_row_at(self, raw: RawFile, start: datetime) -> tuple[int | None, Values] | None:
        """Return nothing: registers are not compared with the rows of another file."""

    def values_by_time(self, raw: RawFile) -> dict[tuple[bytes, bytes], Values]:
        """Return nothing, likewise."""
        return {}


def parse(data: bytes) -> Iterator[RegisterRead]:
    """Yield all reads of a file; raise LayoutError for the first that is not one."""
    text = _text(data, "strict")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(_first_line(text)))
    names: list[str] = []
    try:
        for cells in reader:
            line = reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not names:
                names = _checked_names(_names(cells), line)
                continue
            if len(cells) > len(names) and not any(cell.strip() for cell in cells[len(names) :]):
                cells = cells[: len(names)]
            if len(cells) != len(names):
                shown = ", ".join(cells)[:MOST_TEXT]
                raise _bad("cell_count", line, expected=len(names), found=len(cells), text=shown)
            yield _read(line, dict(zip(names, (cell.strip() for cell in cells), strict=True)))
    except csv.Error as error:
        raise _bad("bad_row", reader.line_num, text=str(error)) from None


def _bad(code: str, line: int, **values: object) -> LayoutError:
    return LayoutError(code, line, values=values)


def _text(data: bytes, errors: str) -> str:
    is_utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        return data.decode("utf-16" if is_utf_16 else "utf-8-sig", errors)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _bad("not_text", line, byte=data[error.start]) from None


def _first_line(text: str) -> str:
    return next((line for line in text.splitlines() if line.strip()), "")


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=lambda mark: (header.count(mark), mark == ","))


def _names(cells: list[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def _checked_names(names: list[str], line: int) -> list[str]:
    """Return the header's columns, if each is known and none is missing or there twice."""
    for name in REQUIRED:
        if name not in names:
            raise _bad("register_columns", line, text=f"no column {name}")
    for place, name in enumerate(names):
        if name not in (METER, READ_AT, *CHANNELS) or name in names[:place]:
            raise _bad("register_columns", line, text=f"column {name[:MOST_TEXT]!r}")
    return names


def _read(line: int, cells: dict[str, str]) -> RegisterRead:
    """Return one row; raise LayoutError for a cell that is not what its column holds."""
    if not cells[METER]:
        raise _bad("register_meter", line)
    values = []
    for name in CHANNELS:
        text = cells.get(name, "")
        if text and not NUMBER.fullmatch(text):
            raise _bad("register_value", line, column=name, text=text[:MOST_TEXT])
        values.append(text or None)
    return RegisterRead(line, cells[METER], _time(cells[READ_AT], line), tuple(values))


def _time(text: str, line: int) -> datetime:
    plain = text[:10] + " " + text[11:] if text[10:11] == "T" else text
    for form in TIMES:
        try:
            return datetime.strptime(plain, form)
        except ValueError:
            continue
    raise _bad("register_time", line, text=text[:MOST_TEXT])
