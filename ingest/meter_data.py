"""Read and check meter-data.csv. Knows its columns and what is allowed in them, not DuckDB."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from ingest.clock import FIRST_DAY, LAST_DAY, clock_days
from ingest.spreadsheet_cells import (
    DELIMITERS,
    AmbiguousError,
    day_comes_first,
    decimal_mark,
    iso_date,
    plain_number,
)

CHANNEL_UNITS = ("W", "kW", "MW", "Wh", "kWh", "MWh")
INTERVAL_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
REQUIRED = ("sta", "meter", "multiplier")
DEFAULTS = {
    "channel_unit": "W",
    "interval_minutes": "15",
    "timezone": "UTC",
    "valid_from": "",
    "valid_to": "",
    "total_factor": "1",
    "rating_mva": "",
}
COLUMNS = (*REQUIRED, *DEFAULTS)
DATES = ("valid_from", "valid_to")
NUMBERS = ("multiplier", "total_factor", "rating_mva")
ALLOWED = {
    **dict.fromkeys(DATES, "empty, YYYY-MM-DD or YYYY-MM-DD HH:MM[:SS] on the meter's clock"),
    "multiplier": "a positive number below 10^9 with at most 6 decimals",
    "total_factor": "a number between -1000 and 1000, at most 6 decimals",
    "rating_mva": "empty or a positive number of MVA with at most 6 decimals",
}
# In place of what can be read in two ways, so that it is told once.
SOME_VALUE = {**dict.fromkeys(DATES, ""), **dict.fromkeys(NUMBERS, "1")}
# What a spreadsheet makes of a long serial number.
ROUNDED = re.compile(r"\d[.,]\d+[eE]\+\d+")
DATE_FORMATS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
# A feeder's name becomes a file name (lp/<feeder>.csv) on Windows as well.
FEEDER_PATTERN = re.compile(r"[^<>:\"/\\|?*]*[^<>:\"/\\|?*. ]")
MOST_FEEDER_BYTES = 200
# What Decimal() would also take: 1_000, digits of other scripts, Infinity.
NUMBER_PATTERN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
RESERVED = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{p}{i}" for p in ("com", "lpt") for i in range(10)),
}


class MeterDataError(ValueError):
    """meter-data.csv cannot be used; the message lists row, column, value and what is allowed."""


@dataclass(frozen=True)
class MeterRow:
    """One row of meter-data.csv: a feeder's meter for one period of validity.

    `multiplier` turns a raw value into `channel_unit`; `valid_from`/`valid_to` are on the meter's
    own clock, half open, None = unbounded; `total_factor` is the weight in the combined total;
    `rating_mva` the thermal rating in MVA. `row` is the line number in the file.
    """

    row: int
    feeder: str
    meter: str
    multiplier: Decimal
    channel_unit: str
    interval_minutes: int
    timezone: str
    valid_from: datetime | None
    valid_to: datetime | None
    total_factor: Decimal
    rating_mva: Decimal | None


def read_meter_data(path: Path) -> tuple[MeterRow, ...]:
    """Return the checked rows of `path`; raise MeterDataError that lists everything wrong in it."""
    lines, delimiter = _lines(path)
    number, header = lines[0] if lines else (1, [])
    header = [cell.strip() for cell in header]
    missing = [repr(name) for name in REQUIRED if name not in header]
    if missing:
        found = f"required are {', '.join(REQUIRED)}, found {', '.join(header)!r}"
        raise _error(path, [f"row {number}: missing column {', '.join(missing)}; {found}"])
    problems = [
        f"row {number}, column {name!r}: unknown or repeated; allowed are {', '.join(COLUMNS)}"
        for i, name in enumerate(header)
        if name and (name not in COLUMNS or name in header[:i])
    ]
    if problems:
        raise _error(path, problems)
    rows: list[MeterRow] = []
    tables = [
        dict(zip(header, (cell.strip() for cell in cells), strict=False)) for _, cells in lines[1:]
    ]
    unclear = _read_as_saved([number for number, _ in lines[1:]], tables, delimiter)
    problems += unclear
    for (number, cells), table in zip(lines[1:], tables, strict=True):
        extra = [cell for cell in cells[len(header) :] if cell.strip()]
        if extra:
            problems.append(
                f"row {number}, column {len(header) + 1}, value {extra[0]!r}: allowed are the "
                f"{len(header)} columns of the header; quote a cell that holds a comma"
            )
        row = _row(number, table, problems)
        if row:
            rows.append(row)
    problems += [] if unclear else _overlaps(rows)
    if not rows and not problems:
        problems.append("no rows; at least one feeder is needed")
    if problems:
        raise _error(path, problems)
    return _same_spelling(rows)


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
    """The file's text: UTF-8, or UTF-16 as a spreadsheet's "Unicode text"."""
    data = path.read_bytes()
    return data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


def _lines(path: Path) -> tuple[list[tuple[int, list[str]]], str]:
    """Line number and cells of the rows that are not blank, and what stands between cells."""
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


def _row(number: int, cells: dict[str, str], problems: list[str]) -> MeterRow | None:
    """Turn one row's cells into a MeterRow, or add what is wrong to `problems` and return None."""
    before = len(problems)
    values = DEFAULTS | {name: value for name, value in cells.items() if value}

    def check(column: str, is_good: bool, allowed: str) -> None:
        if not is_good:
            value = values.get(column, "")
            problems.append(
                f"row {number}, column {column!r}, value {value!r}: allowed is {allowed}"
            )

    feeder = values.get("sta", "")
    check(
        "sta",
        _is_feeder_name(feeder),
        "a name that can be a file name, not 'all', without '-' at either end, and not ending in "
        "'_gaps'",
    )
    meter = values.get("meter", "")
    check(
        "meter",
        bool(meter) and meter.isprintable() and not ROUNDED.fullmatch(meter),
        "the meter's serial number, of which a spreadsheet has made no number",
    )
    multiplier = _decimal(values.get("multiplier", ""))
    check(
        "multiplier",
        _fits(multiplier, 9, 6) and multiplier > 0,
        ALLOWED["multiplier"],
    )
    check("channel_unit", values["channel_unit"] in CHANNEL_UNITS, ", ".join(CHANNEL_UNITS))
    check(
        "interval_minutes",
        values["interval_minutes"] in map(str, INTERVAL_MINUTES),
        ", ".join(map(str, INTERVAL_MINUTES)),
    )
    check(
        "timezone",
        is_zone(values["timezone"]),
        "an IANA time zone such as America/Denver, Etc/GMT+7 or UTC",
    )
    period = {}
    for column in ("valid_from", "valid_to"):
        period[column] = _date_time(values[column])
        check(
            column,
            not values[column] or period[column] is not None,
            ALLOWED[column],
        )
    if period["valid_from"] and period["valid_to"]:
        check("valid_to", period["valid_from"] < period["valid_to"], "a time after valid_from")
    factor = _decimal(values["total_factor"])
    check("total_factor", _fits(factor, 3, 6), ALLOWED["total_factor"])
    rating = _decimal(values["rating_mva"])
    check(
        "rating_mva",
        not values["rating_mva"] or (_fits(rating, 9, 6) and rating > 0),
        ALLOWED["rating_mva"],
    )
    if len(problems) > before:
        return None
    return MeterRow(
        row=number,
        feeder=feeder,
        meter=meter,
        multiplier=multiplier,
        channel_unit=values["channel_unit"],
        interval_minutes=int(values["interval_minutes"]),
        timezone=values["timezone"],
        valid_from=period["valid_from"],
        valid_to=period["valid_to"],
        total_factor=factor,
        rating_mva=rating,
    )


def _is_feeder_name(name: str) -> bool:
    lower = name.lower()
    return (
        bool(FEEDER_PATTERN.fullmatch(name))
        and name.isprintable()
        and name == name.strip("-")
        and len(name.encode()) <= MOST_FEEDER_BYTES
        and lower not in ("all", "monthly")  # files of all feeders have these names
        and lower.split(".")[0].strip() not in RESERVED
        and not lower.endswith("_gaps")
    )


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if NUMBER_PATTERN.fullmatch(text) else None


def _fits(value: Decimal | None, digits_before: int, digits_after: int) -> bool:
    return (
        value is not None
        and abs(value) < 10**digits_before
        and value == value.quantize(Decimal(1).scaleb(-digits_after))
    )


def is_zone(name: str) -> bool:
    """Whether the IANA database has a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError on some platforms
        return False
    except KeyError:
        return False
    return True


def _date_time(text: str) -> datetime | None:
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text.replace("T", " "), form)
        except ValueError:
            continue
    return None


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
    """A time of a clock in UTC as stg_meter_data reads it, also where the clock skips it."""
    if not FIRST_DAY <= at.date() <= LAST_DAY:
        return at
    _, _, offset, change, offset_after = next(clock_days(timezone, at.date(), at.date()))
    if change is None or at < change:
        return at - timedelta(minutes=offset)
    return max(change - timedelta(minutes=offset), at - timedelta(minutes=offset_after))


def _show(value: datetime | None) -> str:
    return value.isoformat(" ") if value else ""


def _same_spelling(rows: list[MeterRow]) -> tuple[MeterRow, ...]:
    """Names are compared without case; the first row's spelling is the feeder's."""
    spelling: dict[str, str] = {}
    for row in rows:
        spelling.setdefault(row.feeder.lower(), row.feeder)
    return tuple(MeterRow(**{**vars(r), "feeder": spelling[r.feeder.lower()]}) for r in rows)


def _error(path: Path, problems: list[str]) -> MeterDataError:
    return MeterDataError("\n".join([f"{path} cannot be used:", *(f"  - {p}" for p in problems)]))
