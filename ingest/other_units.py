"""Recognise a file that has the values of another in another unit. Knows values, not outcomes.

A correction changes some values. A file in which every value is that of the other file times one
factor was exported in another unit: kW against kWh per interval, W against kW, or with a multiplier
applied.
"""

from collections.abc import Iterable
from decimal import Context, Decimal, localcontext

import duckdb

from ingest.layouts.interface import RawFile, Values
from ingest.problems import Problem
from ingest.rules import rule_sql

# Fewer intervals may be in one ratio by chance; a constant load that changed is in one ratio.
FEWEST_INTERVALS = 8
# Two raw values have up to 27 digits each, and their product is compared exactly.
EXACT = Context(prec=60)


VALUES_OF = """
select new_values, old_values from compared_values where file_no = ?
order by start_local, file_id, other_no
"""


def find_other_units(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]
) -> dict[int, Problem]:
    """Return files of the batch, by number and in their order, in another unit than what counts.

    What counts is what the warehouse has, and the files of the batch before it that are not found
    themselves.
    """
    con.execute(rule_sql("arriving"), {"numbers": list(files)})
    con.execute(rule_sql("meetings"))
    earlier: dict[int, set[int]] = {}
    for number, other in con.execute("select file_no, other_no from meetings").fetchall():
        earlier.setdefault(number, set()).add(other)
    found: dict[int, Problem] = {}
    waiting = list(earlier)
    while waiting:
        values = {"numbers": waiting, "refused": list(found)}
        con.execute(rule_sql("compared_values"), values)
        suspects = _suspects(con, files)
        sure = {n: problem for n, problem in suspects.items() if not earlier[n] & suspects.keys()}
        found |= sure
        waiting = [
            number
            for number in earlier
            if number not in found and (number in suspects or earlier[number] & sure.keys())
        ]
    return found


def _suspects(con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]) -> dict[int, Problem]:
    """Return compared files that are in another unit than the rows that count now."""
    found = {}
    suspects = con.execute(rule_sql("other_unit_suspects"), {"fewest": FEWEST_INTERVALS})
    for (number,) in suspects.fetchall():
        unit = common_factor(con.execute(VALUES_OF, [number]).fetchall())
        if unit:
            rows = con.execute(rule_sql("compared_files"), [number]).fetchall()
            names = dict.fromkeys(name or files[other].name for other, name in rows)
            factor, intervals = unit
            values = {"factor": factor, "intervals": intervals, "names": tuple(names)}
            found[number] = Problem("other_unit", values=values)
    return found


def factor_between(first: RawFile, second: RawFile) -> Decimal | None:
    """Return what all values of the second file are of the first's; None if no one factor fits."""
    at = max(first.outline.first_start, second.outline.first_start)
    rows = [raw.layout.first_row_at(raw, at) for raw in (first, second)]
    values = [row[1] if row else None for row in rows]
    if values[0] == values[1] and any(values[0] or ()):
        return None  # the same values, as nearly always
    olds, news = (raw.layout.values_by_time(raw) for raw in (first, second))
    unit = common_factor((news[time], olds[time]) for time in news if time in olds)
    return unit[0] if unit else None


def common_factor(pairs: Iterable[tuple[Values, Values]]) -> tuple[Decimal, int] | None:
    """Return the factor, not 1, from all old values to the new ones, and how many intervals.

    None if there is no such factor, or too few intervals or different values. What either does not
    know, and what is 0 in both, decides nothing.
    """
    intervals, seen, first = 0, set(), None
    with localcontext(EXACT):
        for new, old in pairs:
            known = [
                (channel, a, b)
                for channel, (a, b) in enumerate(zip(new, old, strict=True))
                if a is not None and b is not None and (a or b)
            ]
            for channel, a, b in known:
                first = first or (a, b)
                if a == b or a * b <= 0 or a * first[1] != b * first[0]:
                    return None
                seen.add((channel, b))
            intervals += bool(known)
        if intervals < FEWEST_INTERVALS or len(seen) == len({channel for channel, _ in seen}):
            return None
        return first[0] / first[1], intervals
