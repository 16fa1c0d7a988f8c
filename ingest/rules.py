"""The rules a good file obeys, one function each. Knows rows, no layout and no words.

The rows of a batch are in `batch_rows`, see `layouts.interface`; what they have in common per file
and feeder is in `batch_series`. A rule returns the problem of each file that breaks it.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta

import duckdb

from ingest.clock_changes import change_within
from ingest.file_names import spanless_start
from ingest.layouts.interface import RawFile
from ingest.problems import RELEASABLE, Problem
from ingest.sequence_breaks import Row, explain
from ingest.serial_numbers import Serial, is_same, is_serial
from ingest.sql import sql_beside
from ingest.warehouse import utc_now

# Readings are in the past, on a clock at most a day ahead of UTC, and not before 2010.
FIRST_TIME, MOST_AHEAD = datetime(2010, 1, 1), timedelta(days=1)
DASHED_FEEDERS = """
select distinct lower(feeder) from raw.meter_data where contains(feeder, '-') order by 1
"""
IS_UTC = "select is_utc from batch_series where file_no = ? and feeder = ?"
ALL_METERS = "select distinct lower(feeder), meter from raw.meter_data order by 1, 2"

Files = dict[int, RawFile]
Problems = dict[int, Problem]
Connection = duckdb.DuckDBPyConnection
Place = tuple[int, int]  # line and position


def rule_sql(name: str) -> str:
    """Return a statement of the folder `rules`."""
    return sql_beside(__file__, f"rules/{name}")


def save_series(con: Connection, files: Files) -> None:
    """Note what the rows of each file and feeder have in common, as the rules need it."""
    con.execute(rule_sql("series"))
    if any(raw.part for raw in files.values()):
        con.execute(rule_sql("series_in_utc"))


def find_problems(con: Connection, files: Files, unread: Problems) -> Problems:
    """Apply all rules to files of which some could not be read; the first problem of each counts.

    A file with a problem that can be released has the breaks of its sequence with it: whoever
    releases it has to know of both.
    """
    problems = dict(unread)
    for rule in (unclear_names, unknown_meters, other_meters, odd_dates):
        problems = rule(con, files) | problems
    settled = {n for n, problem in problems.items() if problem.code not in RELEASABLE}
    for number, problem in broken_sequences(con, settled).items():
        known = problems.get(number)
        problems[number] = (
            replace(known, breaks=problem.breaks, release=problem.release) if known else problem
        )
    problems |= midnight_slips(con, problems)
    return {n: replace(p, line=p.line and abs(p.line)) for n, p in problems.items()}


def unclear_names(con: Connection, files: Files) -> Problems:
    """Files that name no span and begin with a feeder whose name has a dash: its end is unclear."""
    dashed = [feeder for (feeder,) in con.execute(DASHED_FEEDERS).fetchall()]
    found = {}
    for number, raw in files.items() if dashed else ():
        text = spanless_start(raw.name) or ""
        for feeder in dashed:
            if text.startswith(f"{feeder}-"):
                values = {"first": feeder, "second": raw.feeder}
                found[number] = Problem("unclear_name", values=values)
    return found


def unknown_meters(con: Connection, _files: Files) -> Problems:
    """Files of a feeder that meter-data.csv does not have at the time of their readings."""
    found: Problems = {}
    for number, feeder, is_known in con.execute(rule_sql("unknown_meters")).fetchall():
        code = "feeder_at_other_times" if is_known else "unknown_feeder"
        found.setdefault(number, Problem(code, values={"feeder": feeder}))
    return found


def other_meters(con: Connection, files: Files) -> Problems:
    """Files with a serial number that is not that of their feeder's meter, or with two of them."""
    serials = {n: list(raw.outline.serials) for n, raw in files.items() if raw.outline.serials}
    for number, line, text in con.execute(rule_sql("serials")).fetchall():
        if is_serial(text):
            serials.setdefault(number, []).append(Serial("column", text, line))
    if not serials:
        return {}
    own = dict(con.execute(rule_sql("own_meters")).fetchall())
    meters = con.execute(ALL_METERS).fetchall()
    found = {}
    for number, named in serials.items():
        problem = _contradiction(named, files[number].feeder, own.get(number, []), meters)
        if problem:
            found[number] = problem
    return found


def _contradiction(
    serials: list[Serial], feeder: str, own: list[str], meters: list[tuple[str, str]]
) -> Problem | None:
    """Return why serial numbers in a file contradict the feeder's own meters, if they do."""
    odd = [s for s in serials if not any(is_same(s.text, meter) for meter in own)]
    first = serials[0]
    for other in serials[1:]:
        if odd and other.label == first.label and not is_same(other.text, first.text):
            values = {"first": first.text, "first_line": first.line, "second": other.text}
            return Problem("two_serials", other.line, values=values)
    if len(odd) < len(serials) or not own:
        return None
    known = sorted({of for of, meter in meters if of != feeder and is_same(first.text, meter)})
    if known or all(is_serial(meter) for meter in own):
        values = {"serial": first.text, "feeder": feeder, "own": own, "known": known}
        return Problem("other_meter", first.line, values=values)
    return None


def odd_dates(con: Connection, _files: Files) -> Problems:
    """Files with readings in the future, or before 2010."""
    latest = utc_now() + MOST_AHEAD
    rows = con.execute(rule_sql("odd_dates"), {"first": FIRST_TIME, "latest": latest}).fetchall()
    return {
        number: Problem(
            "date",
            line,
            record,
            {"first_year": FIRST_TIME.year, "latest": latest, "start": start, "row_count": count},
        )
        for number, line, record, start, count in rows
    }


def broken_sequences(con: Connection, settled: set[int]) -> Problems:
    """Files in which a row does not fit the one before it, or does not end as its clock does.

    Files whose case is settled without it are left out.
    """
    broken: dict[tuple[int, str], set[Place]] = defaultdict(set)
    for number, feeder, *place in _breaks(con, "irregular_rows"):
        broken[number, feeder].add(tuple(place))
    for number, feeder, line, position, *times in con.execute(rule_sql("longer")).fetchall():
        if change_within(*times):
            broken[number, feeder].add((line, position))
    found: Problems = {}
    for (number, feeder), places in broken.items():
        if number in settled:
            continue
        breaks, release = explain(*_rows_around(con, number, feeder, places))
        first = breaks[0]
        problem = Problem(first.kind, first.line, first.record, breaks=breaks, release=release)
        if number not in found or problem.line < found[number].line:
            found[number] = problem
    return found


def _breaks(con: Connection, rows: str) -> list[tuple[int, str, int, int]]:
    """Return the places of a table of rows, by file and feeder, at which the sequence breaks."""
    return [
        found
        for rule in ("backwards", "sequence")
        for found in con.execute(rule_sql(rule).format(rows=rows)).fetchall()
    ]


def _rows_around(
    con: Connection, number: int, feeder: str, broken: set[Place]
) -> tuple[list[Row], list[int], str | None]:
    """Return a series' rows, the indexes of its broken ones among them, and its meter's zone.

    The zone is None if the file's times are UTC, as those of the rows then are.
    """
    found = con.execute(rule_sql("rows_of_series"), [number, feeder]).fetchall()
    rows = [Row(abs(line), *times, tuple(values)) for line, _, *times, values in found]
    indexes = [n for n, (line, position, *_) in enumerate(found) if (line, position) in broken]
    at = rows[indexes[0]].start
    if con.execute(IS_UTC, [number, feeder]).fetchone()[0]:
        return rows, indexes, None
    zone = con.execute(rule_sql("zone"), {"feeder": feeder, "at": at}).fetchone()
    return rows, indexes, zone[0] if zone else "UTC"


def midnight_slips(con: Connection, problems: Problems) -> Problems:
    """Files whose sequence breaks first where a row at 00:00 has the date of a day beside its own.

    The slip takes the place of the plain break.
    """
    broken = [n for n, found in problems.items() if found.breaks and found.code not in RELEASABLE]
    if not broken:
        return {}
    con.execute(rule_sql("mended_rows"), [broken])
    still = {number for number, *_ in _breaks(con, "mended_rows")}
    found = {}
    for number, rows, slips, line, record, times, *where in con.execute(
        rule_sql("midnight_slips")
    ).fetchall():
        if line > problems[number].line or problems[number].code == "newest_first":
            continue
        starts_at_midnight, is_earlier = where
        values = {
            "times": times,
            "row_count": rows,
            "slip_count": slips,
            "starts_at_midnight": starts_at_midnight,
            "is_earlier": is_earlier,
            "has_other_breaks": number in still,
        }
        found[number] = Problem("midnight_slip", line, record, values)
    return found
