"""Read and check meter-data.csv. Knows the file, not DuckDB: `meter_rows` knows what a row is."""

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from ingest.clock import FIRST_DAY, LAST_DAY, clock_days
from ingest.meter_rows import (
    ALLOWED,
    COLUMNS,
    DATES,
    DEFAULTS,
    NUMBERS,
    REQUIRED,
    SOME_VALUE,
    MeterRow,
    checked_row,
)
from ingest.spreadsheet_cells import (
    DELIMITERS,
    AmbiguousError,
    day_comes_first,
    decimal_mark,
    iso_date,
    plain_number,
)


class MeterDataError(ValueError):
    """meter-data.csv cannot be used; the message lists row, column, value and what is allowed."""


def read_meter_data(path: Path) -> tuple[MeterRow, ...]:
    """Return the checked rows of `path`; raise MeterDataError that lists everything wrong in it."""
    lines, delimiter = _lines(path)
    number, header = lines[0] if lines else (1, [])
    header = [cell.strip() for cell in header]
    problems = _header_problems(number, header)
    if problems:
        raise _error(path, problems)
    tables = [
        dict(zip(header, (cell.strip() for cell in cells), strict=False)) for _, cells in lines[1:]
    ]
    unclear = _read_as_saved([number for number, _ in lines[1:]], tables, delimiter)
    problems += unclear
    rows: list[MeterRow] = []
    for (number, cells), table in zip(lines[1:], tables, strict=True):
        problems += _extra_cells(number, cells, len(header))
        row = checked_row(number, table, problems)
        if row:
            rows.append(row)
    problems += [] if unclear else _overlaps(rows)
    if not rows and not problems:
        problems.append("no rows; at least one feeder is needed")
    if problems:
        raise _error(path, problems)
    return _same_spelling(rows)


def _header_problems(number: int, header: list[str]) -> list[str]:
    """Return what is wrong with the header: columns missing, else unknown or repeated ones."""
    missing = [repr(name) for name in REQUIRED if name not in header]
    if missing:
        found = f"required are {', '.join(REQUIRED)}, found {', '.join(header)!r}"
        return [f"row {number}: missing column {', '.join(missing)}; {found}"]
    return [
        f"row {number}, column {name!r}: unknown or repeated; allowed are {', '.join(COLUMNS)}"
        for i, name in enumerate(header)
        if name and (name not in COLUMNS or name in header[:i])
    ]


def _extra_cells(number: int, cells: list[str], width: int) -> list[str]:
    """Return that a row has more cells than the header, if it has."""
    extra = [cell for cell in cells[width:] if cell.strip()]
    if not extra:
        return []
    return [
        f"row {number}, column {width + 1}, value {extra[0]!r}: allowed are the {width} columns of "
        "the header; quote a cell that holds a comma"
    ]


def _read_as_saved(numbers: list[int], tables: list[dict[str, str]], delimiter: str) -> list[str]:
    """Put dates and numbers that a spreadsheet has saved in its own form into ours.

    Returns one sentence for the dates and one for the numbers that can be read in two ways.
    """
    dates = [table.get(name, "") for table in tables for name in DATES]
    day_first = day_comes_first(dates)
    mark = decimal_mark(table.get(name, "") for table in tables for name in NUMBERS)
    ways = {name: (iso_date, day_first) for name in DATES}
    if delimiter != ",":  # in a file with commas between its cells, they stand for nothing else
        ways |= {name: (plain_number, mark) for name in NUMBERS}
    unclear: dict[Callable, list[str]] = {}
    for number, table in zip(numbers, tables, strict=True):
        for name, (read, settled) in ways.items():
            value = table.get(name, "")
            try:
                table[name] = read(value, settled)
            except AmbiguousError as error:
                table[name] = SOME_VALUE[name]
                allowed = " or ".join(map(repr, error.readings))
                unclear.setdefault(read, []).append(
                    f"row {number}, column {name!r}, value {value!r}: allowed is {ALLOWED[name]}; "
                    f"this may be either of two, write {allowed}"
                )
    more = "; and {} more of this kind"
    return [found[0] + more.format(len(found) - 1) * (len(found) > 1) for found in unclear.values()]


def _text(path: Path) -> str:
    """Return the file's text: UTF-8, or UTF-16 as a spreadsheet's "Unicode text"."""
    data = path.read_bytes()
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


def _lines(path: Path) -> tuple[list[tuple[int, list[str]]], str]:
    """Return line number and cells of the rows that are not blank, and the delimiter."""
    try:
        text = _text(path)
    except (FileNotFoundError, IsADirectoryError):
        raise MeterDataError(
            f"{path} not found. It must have the columns {', '.join(REQUIRED)}; "
            f"optional: {', '.join(DEFAULTS)}."
        ) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise MeterDataError(
            f"{path}, row {line}: not UTF-8 text; save it as 'CSV UTF-8 (comma delimited)'."
        ) from None
    text = unicodedata.normalize("NFC", text)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        rows = [(reader.line_num, cells) for cells in reader]
        return [row for row in rows if any(cell.strip() for cell in row[1])], delimiter
    except csv.Error as error:
        raise _error(path, [f"row {reader.line_num}: {error}; allowed is CSV text"]) from None


def _overlaps(rows: list[MeterRow]) -> Iterator[str]:
    """Yield a sentence for every two rows of one feeder that are valid at the same time."""
    ordered = sorted(rows, key=lambda r: (r.feeder.lower(), r.valid_from or datetime.min, r.row))
    for first, second in pairwise(ordered):
        if first.feeder.lower() != second.feeder.lower():
            continue
        if not _are_apart(first, second):
            clock = f" {first.timezone}" if first.timezone != second.timezone else ""
            yield (
                f"row {second.row}, column 'valid_from', value "
                f"{_show(second.valid_from)!r}: feeder {second.feeder!r} is already valid there by "
                f"row {first.row} (valid_to {_show(first.valid_to)!r}{clock}); "
                "periods of one feeder may not overlap"
            )


def _are_apart(first: MeterRow, second: MeterRow) -> bool:
    """Whether a row ends before the next one begins, by the labels of files and in UTC."""
    if not (first.valid_to and second.valid_from):
        return False
    end = _moment(first.valid_to, first.timezone)
    start = _moment(second.valid_from, second.timezone)
    return first.valid_to <= second.valid_from and end <= start


def _moment(at: datetime, timezone: str) -> datetime:
    """Return a time of a clock in UTC as stg_meter_data reads it, also where the clock skips it."""
    if not FIRST_DAY <= at.date() <= LAST_DAY:
        return at
    _, _, offset, change, offset_after = next(clock_days(timezone, at.date(), at.date()))
    if change is None or at < change:
        return at - timedelta(minutes=offset)
    return max(change - timedelta(minutes=offset), at - timedelta(minutes=offset_after))


def _show(value: datetime | None) -> str:
    return value.isoformat(" ") if value else ""


def _same_spelling(rows: list[MeterRow]) -> tuple[MeterRow, ...]:
    """Give all rows of a feeder the first one's spelling: names are compared without case."""
    spelling: dict[str, str] = {}
    for row in rows:
        spelling.setdefault(row.feeder.lower(), row.feeder)
    return tuple(MeterRow(**{**vars(r), "feeder": spelling[r.feeder.lower()]}) for r in rows)


def _error(path: Path, problems: list[str]) -> MeterDataError:
    return MeterDataError("\n".join([f"{path} cannot be used:", *(f"  - {p}" for p in problems)]))
