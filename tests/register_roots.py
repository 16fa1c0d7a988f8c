"""Roots with register reads that are made from true readings, and readings with one fault each.

Every feeder of such a root is a copy of a good one with a fault of its own. Knows files, no tables.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from fault_files import Feeder, Row, write_files

COLUMNS = (
    "sta,meter,multiplier,channel_unit,interval_minutes,timezone,valid_from,valid_to,"
    "register_multiplier,register_digits"
)
HEADER = "meter,read_at,kwh_del,kwh_rec"
COUNT = Decimal("0.01")  # one count of the registers
CTR = 80
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """A fault: what it makes of the readings, what meter-data.csv says, and what explains it.

    `changes` has words of which each must be in what a failed check names.
    """

    name: str
    make: Callable[[Feeder], list[Row]]
    changes: tuple[str, ...]
    multiplier: int = 1
    register_multiplier: int = 1
    unit: str = ""
    each: timedelta | None = None  # from one read to the next, where that has to be seen


def scaled(factor: str) -> Callable[[Feeder], list[Row]]:
    times = Decimal(factor)
    return lambda feeder: [
        (at, tuple(value if value is None else value * times for value in values))
        for at, values in feeder.rows
    ]


def swapped(feeder: Feeder) -> list[Row]:
    return [(at, (v[1], v[0], v[3], v[2])) for at, v in feeder.rows]


def shifted(feeder: Feeder) -> list[Row]:
    """Labelled by their ends as if these were their starts; the first has its own value."""
    rows = feeder.rows
    values = [rows[0][1], *(values for _, values in rows[:-1])]
    return [(at, value) for (at, _), value in zip(rows, values, strict=True)]


def middle(feeder: Feeder) -> datetime:
    """Midnight in the middle of a feeder's readings."""
    at = feeder.rows[len(feeder.rows) // 2][0]
    return datetime(at.year, at.month, at.day)


def lost(feeder: Feeder) -> list[Row]:
    """A day of zeros."""
    first = middle(feeder)
    return [
        (at, (Decimal(0), Decimal(0), None, None) if first <= at < first + DAY else values)
        for at, values in feeder.rows
    ]


def doubled(feeder: Feeder) -> list[Row]:
    """A lost day with the values of the day before."""
    first, before = middle(feeder), dict(feeder.rows)
    return [
        (at, before[at - DAY] if first <= at < first + DAY else values)
        for at, values in feeder.rows
    ]


GOOD = Case("good", scaled("1"), ())
CASES = (
    Case("energy", scaled("0.25"), ("channel_unit kWh",)),
    Case("times4", scaled("4"), ("multiplier 0.25",)),
    Case("power", scaled("1"), ("channel_unit kW",), unit="kWh"),
    Case("times10", scaled("10"), ("multiplier 0.1",)),
    Case("tenth", scaled("0.1"), ("multiplier 10",)),
    Case("times1000", scaled("1000"), ("channel_unit W",)),
    Case("thousandth", scaled("0.001"), ("channel_unit MW",)),
    Case("twice", scaled("1"), ("multiplier 1",), multiplier=CTR, register_multiplier=CTR),
    Case("never", scaled("0.0125"), ("multiplier 80",), register_multiplier=CTR),
    Case("both", scaled("0.25"), ("channel_unit kWh with multiplier 1",), 28800, 28800, "W"),
    Case("swapped", swapped, ("delivered and received exchanged",)),
    Case("shifted", shifted, ("one interval late",), each=timedelta(hours=30)),
    Case("lost", lost, ("the lost day ",)),
    Case("doubled", doubled, ("the lost day ",)),
)


def name_of(case: Case, feeder: Feeder) -> str:
    return f"{case.name}_{feeder.name}"


def registers(feeder: Feeder, start: Decimal, each: timedelta, multiplier: int) -> list[list[str]]:
    """Reads of the true readings: time and both registers, cut off below a count."""
    hours, count = Decimal(feeder.minutes) / 60, COUNT if multiplier < 1000 else COUNT / 100
    counted, next_read, rows = [start, start], feeder.rows[0][0], []
    for at, values in feeder.rows:
        if at >= next_read:
            shown = (f"{value // count * count}" for value in counted)
            rows.append([f"{at:%Y-%m-%d %H:%M:%S}", *shown])
            next_read += each
        counted = [
            before + (value or 0) * hours / multiplier
            for before, value in zip(counted, values[:2], strict=True)
        ]
    return rows


def write_root(
    root: Path,
    feeders: Iterable[Feeder],
    cases: Iterable[Case] = (GOOD, *CASES),
    each: timedelta = DAY,
) -> None:
    """Write raw exports with a fault each, meter-data.csv and one file of register reads."""
    cases = tuple(cases)
    lines, reads, number = [COLUMNS], [HEADER], 100_000
    (root / "_dropbox/KW").mkdir(parents=True)
    (root / "_dropbox/REG").mkdir()
    for feeder in feeders:
        for case in cases:
            number += 1
            write_files(root, replace(feeder, name=name_of(case, feeder), rows=case.make(feeder)))
            until = feeder.rows[-1][0] + timedelta(minutes=feeder.minutes)
            lines.append(
                f"{name_of(case, feeder)},{number},{case.multiplier},{case.unit or feeder.unit},"
                f"{feeder.minutes},UTC,{feeder.first},{until},{case.register_multiplier},"
            )
            rows = registers(
                feeder, Decimal("1234.56"), case.each or each, case.register_multiplier
            )
            reads += [",".join([str(number), *row]) for row in rows]
    (root / "meter-data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / "_dropbox/REG/reads.csv").write_text("\n".join(reads) + "\n", encoding="utf-8")
