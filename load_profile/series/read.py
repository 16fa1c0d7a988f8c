"""Read a CSV series into the rows of a temporary table; find its header and its columns.

Any CSV with the columns `Start Time` and `MW_net` will do, and so will a raw export, whose
delivered minus received is shown in raw units. Where a file has `start_utc`, as those of a run do,
that column is read. Otherwise times are taken as written, on the clock of whoever wrote them; only
a time with an offset is converted, to UTC.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest.sql import sql_beside
from load_profile.words import counted

TIMES_ALLOWED = "MM/DD/YY HH:MM:SS or YYYY-MM-DD HH:MM[:SS], with or without an offset"
RAW_CHANNELS = (("-1-", "-2-"), ("kw_del", "kw_rec"))
SHOWN = 5  # bad cells kept in a report, the first ones


@dataclass(frozen=True)
class BadCells:
    """Cells that could not be read: how many, and the first few as (line number, text)."""

    count: int
    first: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Layout:
    """Where a file has its header and what it names; lines and columns count from 1."""

    header_line: int
    width: int
    named: int
    time_column: int
    value_column: int
    minus_column: int | None
    value_label: str


def read_series(con: duckdb.DuckDBPyConnection, path: Path) -> Layout:
    """Fill the temporary table series_rows from the file; ValueError if it holds no series."""
    text = _text(path)
    layout = _layout(path, text.split("\n"))
    con.execute(sql_beside(__file__, "macros"))
    values = {
        "text": text,
        "header_line": layout.header_line,
        "width": layout.width,
        "named": layout.named,
        "time_column": layout.time_column,
        "value_column": layout.value_column,
        "minus_column": layout.minus_column,
    }
    con.execute(sql_beside(__file__, "rows"), values)
    rows, times = one_row(con, "select count(*), count(start_us) from series_rows")
    if not rows:
        raise ValueError(f"{path}: no data row after the header in line {layout.header_line}")
    if not times:
        line, value = bad_cells(con, "bad_times").first[0]
        raise ValueError(
            f"{path}: none of {counted(rows, 'row')} has a readable start time;"
            f" the first is line {line}: {value!r}. Allowed: {TIMES_ALLOWED}"
        )
    return layout


def _text(path: Path) -> str:
    """Return the file as text with LF line ends; ValueError if it is absent or not UTF-8."""
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; expected a CSV file")
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path}: line {line}: byte 0x{data[error.start]:02x} is not UTF-8;"
            " allowed is text in UTF-8, with or without a byte order mark"
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _layout(path: Path, lines: Sequence[str]) -> Layout:
    """Return the first usable header; ValueError that reports what is missing if none is."""
    problem = None
    for number, line in enumerate(lines, 1):
        if not any(word in line for word in ("Record No.", "Start Time", "MW_net")):
            continue
        names = [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]
        if {"Start Time", "MW_net"}.isdisjoint(names) and not names[0].startswith("Record No."):
            continue
        try:
            return _columns(names, number)
        except ValueError as error:
            problem = problem or f"{path}: line {number}: {error}; found {', '.join(names)!r}"
    raise ValueError(
        problem
        or f"{path}: no header line; line 1 is {lines[0][:60]!r}."
        " Expected a line with the columns Start Time and MW_net, or the header of a raw export,"
        " which starts with Record No."
    )


def _columns(names: Sequence[str], header_line: int) -> Layout:
    """Return the layout of a header's names; ValueError if a column is missing or repeated."""
    if "Start Time" not in names:
        raise ValueError("no column 'Start Time'")
    time = "start_utc" if "start_utc" in names else "Start Time"
    is_raw = names[0].startswith("Record No.")
    values = next((pair for pair in RAW_CHANNELS if is_raw and set(pair) <= set(names)), ())
    label = "net (raw units)"
    if "MW_net" in names:
        values, label = ("MW_net",), "MW_net"
    if not values:
        raise ValueError("no column 'MW_net', nor a raw export's -1- and -2- (kw_del and kw_rec)")
    for name in (time, *values):
        if names.count(name) > 1:
            raise ValueError(f"column {name!r} is there {names.count(name)} times, allowed is once")
    places = [names.index(name) + 1 for name in (time, *values)]
    named = max(place for place, name in enumerate(names, 1) if name)
    minus = places[2] if len(places) == 3 else None
    return Layout(header_line, len(names), named, places[0], places[1], minus, label)


def one_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple:
    """Return the one row of a query that always has one."""
    row = con.execute(sql).fetchone()
    assert row is not None
    return row


def bad_cells(con: duckdb.DuckDBPyConnection, query: str) -> BadCells:
    """Return what `bad_times.sql` or `bad_values.sql` finds."""
    rows = con.execute(sql_beside(__file__, query), {"shown": SHOWN}).fetchall()
    return BadCells(rows[0][2] if rows else 0, tuple((line, text) for line, text, _ in rows))
