"""Find which feeders a file has rows of, from meter-data.csv: a part for each. Reads no rows.

A point of a file is the meter of a row whose `meter` names it; points that no row names are
counted, and neither used nor a reason to refuse the file. What a part uses of its points is settled
here: the channels, their unit, the direction that is declared absent.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb

from ingest.layouts.interface import OwnPoint, Part, RawFile
from ingest.layouts.parsed import METER, Channel, ParsedOutline
from ingest.layouts.parsed import UTC as UTC_CLOCK
from ingest.layouts.power_and_energy import is_other_kind
from ingest.layouts.register import AFTER_READ, RegisterOutline
from ingest.meter_rows import MeterRow
from ingest.problems import Problem
from ingest.serial_numbers import is_same, is_serial, names_of

MOST_NAMED = 5  # points or codes, in a letter
UNLISTED = "unlisted_points"
AS_ENERGY, AS_POWER = "power_as_energy", "energy_as_power"  # notes
ACTIVE = {"del", "rec", "net"}
DIRECTION = {"del_raw": "received", "rec_raw": "delivered"}  # absent -> the one that is there
COLUMNS = ("meter_data_row", *(name for name in MeterRow.__dataclass_fields__ if name != "row"))
ALL_ROWS = f"select {', '.join(COLUMNS)} from raw.meter_data order by meter_data_row"
# Of each kind of power, the channels that make it, the first that are all there.
WAYS = (
    (("del", "rec"), ("net",), ("del",), ("rec",)),
    (("kva_del", "kva_rec"), ("kva_net",), ("kva_del",), ("kva_rec",)),
    (
        ("kvar_del", "kvar_rec"),
        ("kvar_q1", "kvar_q2", "kvar_q3", "kvar_q4"),
        ("kvar_net",),
        ("kvar_q1", "kvar_q4"),
        ("kvar_q2", "kvar_q3"),
        ("kvar_del",),
        ("kvar_rec",),
    ),
)


@dataclass(frozen=True)
class Own:
    """A point and the rows that name it, all of one feeder, within the time of the file."""

    point: str | None
    rows: tuple[MeterRow, ...]


def split_files(con: duckdb.DuckDBPyConnection, files: Iterable[RawFile]) -> list[RawFile]:
    """Return a RawFile for each feeder that a file has rows of; others as they are.

    A file that no part can be made of is returned once, with the problem.
    """
    meters = [MeterRow(*row) for row in con.execute(ALL_ROWS).fetchall()]
    index = _MeterIndex(meters)
    return [part for raw in files for part in _parts(raw, index)]


def rows_naming(rows: Iterable[MeterRow], points: Iterable[str]) -> dict[str, list[MeterRow]]:
    """Return the rows of meter-data.csv that name each point of a file; points of none left out."""
    return _MeterIndex(list(rows)).rows_naming(points)


class _MeterIndex:
    """The rows of meter-data.csv by feeder, and by what can name their meter."""

    def __init__(self, rows: list[MeterRow]) -> None:
        self.of_feeder: dict[str, list[MeterRow]] = defaultdict(list)
        self._of_name: dict[str, list[MeterRow]] = defaultdict(list)
        self._of_digits: dict[str, list[MeterRow]] = defaultdict(list)
        for row in rows:
            self.of_feeder[row.feeder.lower()].append(row)
            name, digits = names_of(row.meter)
            self._of_name[name].append(row)
            self._of_digits[digits].append(row)

    def rows_naming(self, points: Iterable[str]) -> dict[str, list[MeterRow]]:
        """Return the rows that name each point: letter by letter, else by its digits alone.

        Digits alone name no point if two of the file have them, or few. A point that no row names
        as its meter may be the name of a feeder, as in a column's header.
        """
        points = list(dict.fromkeys(points))
        named = {point: self._of_name.get(names_of(point)[0], []) for point in points}
        by_digits: dict[str, list[str]] = defaultdict(list)
        for point in points:
            by_digits[names_of(point)[-1]].append(point)
        taken = {id(row) for rows in named.values() for row in rows}
        for digits, alike in by_digits.items():
            if len(alike) == 1 and not named[alike[0]] and is_serial(alike[0]):
                rows = self._of_digits.get(digits, [])
                named[alike[0]] = [
                    row for row in rows if id(row) not in taken and is_serial(row.meter)
                ]
        taken |= {id(row) for rows in named.values() for row in rows}
        for point in (point for point in points if not named[point]):
            rows = self.of_feeder.get(point.strip().lower(), [])
            named[point] = [row for row in rows if id(row) not in taken]
        return {point: rows for point, rows in named.items() if rows}


def _parts(raw: RawFile, index: _MeterIndex) -> Iterator[RawFile]:
    """Yield the parts of one file."""
    outline = raw.outline
    if raw.problem:
        yield raw
    elif not isinstance(outline, ParsedOutline | RegisterOutline):
        yield _one_direction_declared(raw, index.of_feeder[raw.feeder])
    elif isinstance(outline, ParsedOutline) and all(
        outline.channels[number].point is None for number in outline.spans
    ):
        rows = index.of_feeder[raw.feeder]
        yield (
            _part(raw, raw.feeder, [Own(None, tuple(rows))])
            if rows
            else _refused(raw, Problem("unknown_feeder", values={"feeder": raw.feeder}))
        )
    else:
        is_register = isinstance(outline, RegisterOutline)
        points = list(outline.spans) if is_register else _points(outline)
        named = index.rows_naming(points)
        if is_register:
            named = _in_use(named, outline)
        if not named:
            values = {"points": tuple(points), "feeder": raw.feeder}
            yield _refused(raw, Problem("unlisted_points", values=values))
            return
        if unlisted := len(points) - len(named):
            notes = (*outline.notes, (UNLISTED, unlisted))
            raw = replace(raw, outline=replace(outline, notes=notes))
        of_feeder: dict[str, list[Own]] = defaultdict(list)
        for point, rows in named.items():
            for feeder in dict.fromkeys(row.feeder.lower() for row in rows):
                own = tuple(row for row in rows if row.feeder.lower() == feeder)
                of_feeder[feeder].append(Own(point, own))
        for feeder in sorted(of_feeder):
            make = _register_part if is_register else _part
            yield make(raw, feeder, of_feeder[feeder])


def _points(outline: ParsedOutline) -> list[str]:
    """Return the points that a file names, in its order."""
    points = (outline.channels[number].point for number in outline.spans)
    return list(dict.fromkeys(point for point in points if point is not None))


def _in_use(
    named: dict[str, list[MeterRow]], outline: RegisterOutline
) -> dict[str, list[MeterRow]]:
    """Return the rows whose meter, and not whose feeder, is one of a file of register reads.

    Where the meter has been with several feeders, these are the rows of the time of its reads, for
    the last read of a meter that is taken out its very end; without any of that time, all rows.
    """
    found = {}
    for point, rows in named.items():
        own = [row for row in rows if is_same(row.meter, point)]
        first, last = outline.spans[point]
        found[point] = [
            row
            for row in own
            if (row.valid_from or first) <= last and first <= (row.valid_to or last)
        ] or own
    return {point: rows for point, rows in found.items() if rows}


def _register_part(raw: RawFile, feeder: str, owns: list[Own]) -> RawFile:
    """Return the register reads that a file has of one feeder, or why they cannot be used."""
    outline: RegisterOutline = raw.outline
    spans = [outline.spans[own.point] for own in owns]
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    rows = [row for own in owns for row in own.rows]
    points = tuple(
        OwnPoint(own.point, {}, tuple((row.valid_from, row.valid_to) for row in own.rows))
        for own in owns
    )
    made = Part(points, rows[-1].timezone, None, (outline.first_start, outline.last_end))
    names = {own.point: own.rows[-1].meter for own in owns}
    own_outline = replace(outline, first_start=first, last_end=last + AFTER_READ, names=names)
    part = replace(raw, feeder=feeder, outline=own_outline, part=made)
    if not any((r.valid_from or first) <= last and first <= (r.valid_to or last) for r in rows):
        return _refused(part, Problem("feeder_at_other_times", values={"feeder": feeder}))
    return part


def _one_direction_declared(raw: RawFile, rows: list[MeterRow]) -> RawFile:
    """Return a file with a column for each direction, or for the one that is declared."""
    absent = raw.outline.absent
    if not absent or not rows:
        return raw
    first, last = raw.outline.first_start, raw.outline.last_end
    if first and last:  # else a time of them is unreadable, and the scan of all rows says which
        rows = _rows_within(rows, first, last)
    problem = _undeclared(absent, raw.feeder, rows)
    return _refused(raw, problem) if problem else raw


def _undeclared(absent: str, feeder: str, rows: Iterable[MeterRow]) -> Problem | None:
    """Return why a direction may not be taken for 0, None if meter-data.csv declares it absent."""
    there = DIRECTION[absent]
    if all(row.directions == there for row in rows):
        return None
    other = next(name for name in DIRECTION.values() if name != there)
    return Problem("one_direction", values={"there": there, "missing": other, "feeder": feeder})


def _part(raw: RawFile, feeder: str, owns: list[Own]) -> RawFile:
    """Return what a file holds of one feeder, or why that cannot be used."""
    outline: ParsedOutline = raw.outline
    timezone = _timezone(outline, owns)
    numbers = [n for own in owns for n in _channels_of(outline, own.point)]
    first = min(outline.spans[n].first_start for n in numbers)
    last = max(outline.spans[n].last_end for n in numbers)
    if outline.clock == UTC_CLOCK:
        first, last = _local(first, timezone), _local(last, timezone)
    span = outline.first_start, outline.last_end
    problem, points, absent = None, [], None
    for own in owns:
        found, absent_here, why = _own_point(outline, own, feeder, first, last)
        problem = problem or why
        points += [found]
        absent = absent or absent_here
    if _named_twice(owns):
        values = {"points": tuple(own.point for own in owns), "feeder": feeder}
        problem = Problem("two_points", values=values)
    if outline.clock not in (UTC_CLOCK, METER):
        problem = _other_clock(outline, feeder, owns) or problem
    notes = (*outline.notes, *_converted(outline, points))
    own_outline = replace(outline, first_start=first, last_end=last, notes=notes)
    made = Part(tuple(points), timezone, absent, span)
    part = replace(raw, feeder=feeder, outline=own_outline, part=made)
    return _refused(part, problem) if problem else part


def _own_point(
    outline: ParsedOutline, own: Own, feeder: str, first: datetime, last: datetime
) -> tuple[OwnPoint, str | None, Problem | None]:
    """Return which channels of a point are used, the direction that is absent, what is wrong."""
    rows = _rows_within(own.rows, first, last) or list(own.rows)
    of_point = _channels_of(outline, own.point)
    used = [n for n in of_point if outline.channels[n].quantity]
    wanted = rows[0].channel.split()
    chosen = [n for n in used if not wanted or _is_wanted(outline.channels[n].code, wanted)]
    valid = tuple((row.valid_from, row.valid_to) for row in own.rows)
    codes = {n: outline.channels[n].quantity for n in chosen}
    found, why = _one_of_each(codes)
    values = {
        "feeder": feeder,
        "point": own.point or feeder,
        "row": rows[0].row,
        "codes": tuple(outline.channels[n].code for n in used or of_point),
    }
    point = OwnPoint(own.point, found, valid)
    if len({row.channel for row in rows}) > 1:
        return point, None, Problem("channel_changes", values=values)
    if why:
        return point, None, Problem("channel_unclear", values=values | {"quantity": why})
    quantities = set(found.values())
    if not quantities & ACTIVE:
        code = "other_channels" if used and wanted else "no_power"
        return point, None, Problem(code, values=values | {"wanted": " ".join(wanted)})
    converted, problem = _units({n: outline.channels[n] for n in found}, rows, values)
    point = replace(point, converted=converted)
    absent = None
    if "net" not in quantities and len(quantities & {"del", "rec"}) == 1:
        absent = "rec_raw" if "del" in quantities else "del_raw"
        problem = problem or _undeclared(absent, feeder, rows)
    return point, absent, problem


def _one_of_each(codes: Mapping[int, str]) -> tuple[dict[int, str], str | None]:
    """Return the channels to use by what they measure; the quantity that two of them have."""
    of_quantity: dict[str, list[int]] = defaultdict(list)
    for number, quantity in codes.items():
        of_quantity[quantity].append(number)
    chosen: dict[int, str] = {}
    for ways in WAYS:
        way = next((names for names in ways if all(name in of_quantity for name in names)), ())
        for name in way:
            if len(of_quantity[name]) > 1:
                return chosen, name
            chosen[of_quantity[name][0]] = name
    return chosen, None


def _is_wanted(code: str, wanted: Iterable[str]) -> bool:
    """Whether a code is one of those in meter-data.csv, or has the suffix that is there."""
    return any(
        code.casefold() == text.casefold() or re.fullmatch("[A-Za-z]+" + re.escape(text), code)
        for text in wanted
    )


def _units(
    channels: Mapping[int, Channel], rows: list[MeterRow], values: dict
) -> tuple[dict[int, str], Problem | None]:
    """Return the declared units of channels to convert; the unit that contradicts meter-data.csv.

    Active power in another unit shows that meter-data.csv or the file is wrong. kVA and kvar that
    are power where active power is energy, or the other way round, are what some systems write.
    """
    converted = {}
    declared = list(dict.fromkeys(row.channel_unit for row in rows))
    for number, channel in channels.items():
        others = [unit for unit in declared if channel.unit not in (None, unit)]
        can_be_converted = channel.quantity not in ACTIVE and len(declared) == 1
        if others and not (can_be_converted and is_other_kind(channel.unit, others[0])):
            more = {"unit": channel.unit, "code": channel.code, "declared": others[0]}
            return {}, Problem("other_channel_unit", values=values | more)
        if others:
            converted[number] = others[0]
    return converted, None


def _converted(outline: ParsedOutline, points: Iterable[OwnPoint]) -> list[tuple[str, int]]:
    """Return notes that count the values of channels that are converted."""
    counts = Counter()
    for point in points:
        for number, declared in point.converted.items():
            code = AS_ENERGY if declared.endswith("h") else AS_POWER
            counts[code] += outline.spans[number].value_count
    return sorted(counts.items())


def _other_clock(outline: ParsedOutline, feeder: str, owns: list[Own]) -> Problem | None:
    """Return that the layout's zone is not that of meter-data.csv, if so."""
    for row in (row for own in owns for row in own.rows):
        if row.timezone != outline.clock:
            values = {"feeder": feeder, "clock": outline.clock, "declared": row.timezone}
            return Problem("other_clock", values=values)
    return None


def _named_twice(owns: list[Own]) -> bool:
    """Whether one row names two points of a file."""
    rows = [row.row for own in owns for row in own.rows]
    return len(rows) > len(set(rows))


def _timezone(outline: ParsedOutline, owns: list[Own]) -> str:
    """Return the zone of the clock of a part's last meter within the time of the file."""
    rows = [row for own in owns for row in own.rows]
    within = _rows_within(rows, outline.first_start, outline.last_end) or rows
    return max(within, key=lambda row: row.valid_from or datetime.min).timezone


def _channels_of(outline: ParsedOutline, point: str | None) -> list[int]:
    return [n for n in outline.spans if outline.channels[n].point == point]


def _rows_within(rows: Iterable[MeterRow], first: datetime, last: datetime) -> list[MeterRow]:
    """Return the rows that are valid at some time of a span."""
    return [
        row
        for row in rows
        if (row.valid_from or datetime.min) < last and first < (row.valid_to or datetime.max)
    ]


def _local(at: datetime, timezone: str) -> datetime:
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


def _refused(raw: RawFile, problem: Problem) -> RawFile:
    return replace(raw, outline=replace(raw.outline, problem=problem))
