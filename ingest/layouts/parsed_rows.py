"""Turn the values of a file's channels into the rows of its parts. Knows no reader.

A part is what the file holds of one feeder: see `parts`. Values are tall, a row has a column for
each of VALUES; `values_to_rows.sql` has the arithmetic.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import duckdb

from ingest.clock import clock_days
from ingest.layouts.interface import ROW_COLUMNS, RawFile, Reading, Values
from ingest.layouts.parsed_files import parsed_before, parsed_once
from ingest.layouts.power_and_energy import factors
from ingest.problems import Problem
from ingest.sql import sql_beside

if TYPE_CHECKING:
    from ingest.layouts.parsed import Parsed, ParsedLayout

# What a channel may measure. `kva_net` is one value of kVA for whichever direction flows; quadrants
# are those of IEC 62053-23. What a row says of its status is that of the first of them.
QUANTITIES = (
    *("del", "rec", "net"),
    *("kva_del", "kva_rec", "kva_net"),
    *("kvar_del", "kvar_rec", "kvar_q1", "kvar_q2", "kvar_q3", "kvar_q4", "kvar_net"),
)
# What is 0 where a direction is declared absent, unless the file has it all the same: the other
# half of the quadrants.
ZEROS_WITHOUT = {
    None: (),
    "rec_raw": ("rec", "kva_rec", "kvar_q2", "kvar_q3"),
    "del_raw": ("del", "kva_del", "kvar_q1", "kvar_q4"),
}
MOST_LETTERS = 200
# Rows are made of so many values at a time, so that a file of many meters takes no more memory.
BLOCK_VALUES = 250_000
NEWEST_FIRST = "newest_first"  # a note


def read_parts(
    con: duckdb.DuckDBPyConnection, layout: "ParsedLayout", files: Mapping[int, RawFile]
) -> Reading:
    """Read the rows of parts into a temporary table, each file once."""
    # a layout file of the root may have the name of a shipped one
    table = re.sub(r"\W", "_", f"rows_{layout.name}_{id(layout)}")
    columns = ", ".join(f"{name} {type_}" for name, type_ in ROW_COLUMNS.items())
    con.execute(f"create or replace temp table {table} ({columns})")
    problems: dict[int, Problem] = {}
    ordered = sorted(files.items(), key=lambda item: (str(item[1].path), item[0]))
    for _, group in groupby(ordered, key=lambda item: item[1].path):
        parts = dict(group)
        first = next(iter(parts.values()))
        try:
            parsed = parsed_file(layout, first)
        except OSError:
            if first.is_unchanged():
                raise
            continue  # what was changed or taken away is left for later
        if parsed.channels == first.outline.channels:
            for block in _blocks(parsed, parts):
                problems |= _append_rows(con, table, parsed, block)
    return Reading(table, problems)


def _blocks(parsed: "Parsed", parts: dict[int, RawFile]) -> Iterator[dict[int, RawFile]]:
    """Yield the parts of a file by some BLOCK_VALUES, in order."""
    block: dict[int, RawFile] = {}
    size = 0
    for number, raw in parts.items():
        own = sum(len(parsed.rows_of[channel]) for channel, _ in _channels_of(raw))
        if block and size + own > BLOCK_VALUES:
            yield block
            block, size = {}, 0
        block[number] = raw
        size += own
    yield block


def _channels_of(raw: RawFile) -> list[tuple[int, str]]:
    """Return the channels that a part uses, and what they measure."""
    return [channel for point in raw.part.points for channel in point.channels.items()]


def parsed_file(layout: "ParsedLayout", raw: RawFile) -> "Parsed":
    """Return a file as it is read. Raises OSError."""
    kept = parsed_before(layout, raw.path.name, raw.sha256)
    return kept or parsed_once(layout, raw.path.read_bytes(), raw.path.name)


def values_of(
    layout: "ParsedLayout", raw: RawFile, start: datetime | None = None
) -> dict[tuple[object, object], Values]:
    """Return what a part measures, by start and end; of a repeated time, the last.

    Values are in the order of QUANTITIES. With `start`, a time on the meter's clock, only those
    that start then.
    """
    try:
        parsed = parsed_file(layout, raw)
    except OSError:
        return {}
    if start and parsed.clock == "utc":
        start = start.replace(tzinfo=ZoneInfo(raw.part.timezone)).astimezone(UTC)
        start = start.replace(tzinfo=None)
    found: dict[tuple[object, object], list] = {}
    times = {(channel, seconds): ratio for channel, seconds, ratio in factors(parsed, raw)}
    for point in raw.part.points:
        for channel, quantity in point.channels.items():
            values = parsed.values.iloc[parsed.rows_of.get(channel, [])]
            if start:
                values = values[values["start"] == start]
            column = QUANTITIES.index(quantity)
            for begin, end, text in zip(
                values["start"], values["end"], values["value"], strict=True
            ):
                row = found.setdefault((begin, end), [None] * len(QUANTITIES))
                ratio = times.get((channel, (end - begin).total_seconds()), 1)
                is_known = isinstance(text, str) and ratio is not None
                row[column] = Decimal(text) * ratio if is_known else None
    return {times: tuple(row) for times, row in found.items()}


def _append_rows(
    con: duckdb.DuckDBPyConnection,
    table: str,
    parsed: "Parsed",
    parts: dict[int, RawFile],
) -> dict[int, Problem]:
    """Append the rows of parts of a file; return those with a value that is not a number."""
    own = {n: name for raw in parts.values() for n, name in _channels_of(raw)}
    values = parsed.values[parsed.values["channel"].isin(own)]
    con.register("parsed_values", values.astype({"value": "str", "status": "str"}))
    try:
        _describe_parts(con, parsed, parts)
        con.execute(sql_beside(__file__, "parsed_cells"))
        # the order of lines is that of recording
        is_reversed = NEWEST_FIRST in dict(parsed.notes) and parsed.clock != "utc"
        sql = sql_beside(__file__, "values_to_rows").replace("{table}", table)
        sql = sql.replace("{sign}", "-" if is_reversed else "")
        sql = sql.replace("{values}", _columns(set(own.values())))
        con.execute(sql)
        return _bad_values(con, parts) | _at_other_times(con, table, parts)
    finally:
        con.unregister("parsed_values")


def _columns(used: set[str]) -> str:
    """Return the columns of the quantities in SQL; one that no part uses costs nothing."""
    return ", ".join(
        f"max(value) filter (quantity = '{quantity}') as {quantity}_value"
        if quantity in used
        else f"null::decimal(27, 18) as {quantity}_value"
        for quantity in QUANTITIES
    )


def _describe_parts(
    con: duckdb.DuckDBPyConnection, parsed: "Parsed", parts: dict[int, RawFile]
) -> None:
    """Fill the tables of what the parts use, and of what the clocks of their meters show."""
    con.execute(sql_beside(__file__, "parsed_parts"))
    is_utc = parsed.clock == "utc"
    own = [(n, p, raw.part, point) for n, raw in parts.items() for p, point in _points(raw)]
    rows = {
        "own_parts": [
            (n, raw.feeder, raw.part.timezone if is_utc else None, _zeros(raw))
            for n, raw in parts.items()
        ],
        "own_channels": [
            (n, p, channel, quantity, QUANTITIES.index(quantity))
            for n, p, _, point in own
            for channel, quantity in point.channels.items()
        ],
        "own_factors": [(n, *f) for n, raw in parts.items() for f in factors(parsed, raw)],
        "own_periods": [(n, p, *valid) for n, p, _, point in own for valid in point.valid],
        "zone_offsets": [
            row
            for zone in {raw.part.timezone for raw in parts.values() if is_utc}
            for row in _offsets(zone, *next(iter(parts.values())).part.span)
        ],
    }
    for name, found in rows.items():
        if found:
            marks = ", ".join("unnest(?)" for _ in found[0])
            columns = [list(column) for column in zip(*found, strict=True)]
            con.execute(f"insert into {name} select {marks}", columns)


def _points(raw: RawFile) -> Iterator[tuple[int, object]]:
    return enumerate(raw.part.points)


def _zeros(raw: RawFile) -> list[str]:
    """Return what a part does not measure as it is declared absent."""
    has = {quantity for point in raw.part.points for quantity in point.channels.values()}
    names = {name for name in ZEROS_WITHOUT[raw.part.absent] if name not in has}
    if not {"kva_del", "kva_rec"} & has:
        names -= {"kva_del", "kva_rec"}
    return sorted(names)


def _offsets(timezone: str, first: datetime, last: datetime) -> Iterator[tuple[str, datetime, int]]:
    """Yield from when in UTC a zone's clock has which offset, in minutes."""
    days = clock_days(timezone, first.date() - timedelta(2), last.date() + timedelta(2))
    for number, (_, day, offset, change, after) in enumerate(days):
        if number == 0:
            midnight = datetime(day.year, day.month, day.day)
            yield timezone, midnight - timedelta(minutes=offset), offset
        if change:
            yield timezone, change - timedelta(minutes=offset), after


def _bad_values(con: duckdb.DuckDBPyConnection, parts: dict[int, RawFile]) -> dict[int, Problem]:
    """Return parts with a value that is not a number, too long, or not exact in its unit."""
    found = {}
    for number, line, text, channel, seconds in con.execute(
        sql_beside(__file__, "parsed_bad")
    ).fetchall():
        raw = parts[number]
        values = {"text": text[:MOST_LETTERS]}
        if seconds:
            code = raw.outline.channels[channel].code
            values |= {"feeder": raw.feeder, "code": code, "minutes": f"{seconds / 60:g}"}
        found[number] = Problem(
            "inexact_unit" if seconds else "bad_channel_value", line, values=values
        )
    return found


def _at_other_times(
    con: duckdb.DuckDBPyConnection, table: str, parts: dict[int, RawFile]
) -> dict[int, Problem]:
    """Return parts with readings of a point at times when another one is the feeder's meter."""
    sql = sql_beside(__file__, "parsed_at_other_times").replace("{table}", table)
    found = {}
    for number, point, line, start, count, meter in con.execute(sql).fetchall():
        values = {
            "point": parts[number].part.points[point].name or parts[number].feeder,
            "feeder": parts[number].feeder,
            "start": start,
            "row_count": count,
            "meter": meter,
        }
        found[number] = Problem("point_at_other_times", line, values=values)
    return found
