"""Print the feeders with their gaps, and the total with its peak."""

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from ingest.sql import sql_beside
from ingest.warehouse import named_rows
from ingest.words import counted
from load_profile.shown import ISO, Dates, in_decimals, unit_for
from load_profile.terminal.queries import WHOLE
from load_profile.terminal.words import print_line

MOST_FEEDERS = 30  # rows shown; those with most missing intervals first
WIDE, NARROW = 100, 72  # characters of a terminal, for times of day and for dates
NO_PEAK = ": no value of it can be a peak"


def _sql(name: str) -> str:
    return sql_beside(__file__, name)


def print_feeders(console: Console, con: duckdb.DuckDBPyConnection, dates: Dates = ISO) -> None:
    """Print one row a feeder, with less of its span the narrower the terminal is."""
    rows = con.execute(_sql("feeders")).fetchall()
    shown = dates.minute if console.width >= WIDE else dates.day
    spans = ("first start", "last end") if console.width >= NARROW else ()
    columns = ("readings", *spans, "unknown", "gaps", "missing")
    table = Table(
        Column("feeder", overflow="fold"),
        *(Column(name, justify="right", no_wrap=True) for name in columns),
    )
    for feeder, readings, first, last, *counts in rows[:MOST_FEEDERS]:
        unknown, _, missing = counts
        span = [shown(moment) if moment else "-" for moment in (first, last) if spans]
        numbers = [f"{count:,}" for count in counts]
        style = "bold" if missing or unknown else ""
        table.add_row(escape(feeder), f"{readings:,}", *span, *numbers, style=style)
    console.print(table)
    if len(rows) > MOST_FEEDERS:
        console.print(
            f"and {len(rows) - MOST_FEEDERS} more feeders, with no more missing intervals"
        )


def print_acknowledged(console: Console, con: duckdb.DuckDBPyConnection) -> None:
    """Print how many gaps and findings are known by a decision and therefore not listed."""
    gaps, missing, findings = con.execute(_sql("acknowledged")).fetchone()
    known = [
        *([f"{counted(gaps, 'gap')} with {counted(missing, 'missing interval')}"] if gaps else []),
        *([counted(findings, "finding")] if findings else []),
    ]
    if known:
        print_line(console, f"{' and '.join(known)} acknowledged, see decisions.csv")


def print_outside(console: Console, con: duckdb.DuckDBPyConnection, dates: Dates) -> None:
    """Print which time outside of the readings is not counted as missing though files cover it."""
    count, first, last = con.execute(_sql("outside")).fetchone()
    if count:
        files = "1 rejected file covers" if count == 1 else f"{count:,} rejected files cover"
        print_line(
            console,
            f"{files} {dates.day(first)} to {dates.day(last)}: what of it lies before the first or "
            "after the last reading is not counted as missing",
        )


def print_total(console: Console, con: duckdb.DuckDBPyConnection, dates: Dates) -> None:
    count, known, first, last, zone, odd, minutes = con.execute(_sql("total")).fetchone()
    if not count:
        console.print("No readings yet: nothing to add up.")
        return
    text = f"Total of all feeders, {dates.minute(first)} to {dates.minute(last)} ({zone}): "
    extremes = _extremes(con, dates)
    unknown = "not known in any interval"
    if known:
        unknown += " of full length" if known == odd else " without an implausible value"
    text += extremes or unknown
    if known < count:
        text += (
            f"; in {count - known:,} of {count:,} intervals a feeder is missing or its value "
            "unknown, and so is the total"
        )
        text += ": the highest may be higher and the lowest lower" if extremes else ""
    if odd:
        text += (
            f"; {odd:,} intervals {'are left out of both' if extremes else 'do not count'}: a "
            "reading in them is short, long, estimated or from while a clock was set"
        )
    lengths = con.execute(_sql("lengths")).fetchone()
    if lengths:
        text += f". Totals are per {minutes} minutes, the longest of {lengths[0]}."
    print_line(console, text)


def print_left_out(console: Console, con: duckdb.DuckDBPyConnection, dates: Dates) -> None:
    """Print what was measured and is in no peak, beside the highest plausible power."""
    rows = con.execute(_sql("left_out")).fetchall()
    for feeder, count, word, measured, at, plausible, highest in rows[:MOST_FEEDERS]:
        unit = unit_for((measured, plausible))
        text = f"left out: {escape(feeder)} {dates.minute(at)} "
        text += f"{in_decimals(unit.of(measured))} {unit.power}"
        shown = plausible is not None and f"{in_decimals(unit.of(plausible))} {unit.power}"
        if plausible == measured:
            text = f"left out: {escape(feeder)} {_intervals(count)} that change neither peak nor "
            text += f"minimum; its {word} is {shown}"
        else:
            if highest:  # whatever the direction
                text += f", {abs(measured) / highest:,.1f} times the highest plausible power"
            text += f", and {_intervals(count - 1, 'more ')}" if count > 1 else ""
            text += f": the plausible {word} is {shown}" if shown else NO_PEAK
        print_line(console, text)
    if len(rows) > MOST_FEEDERS:
        console.print(f"and {len(rows) - MOST_FEEDERS} more feeders, see planner_figures")


def _intervals(count: int, which: str = "") -> str:
    return f"{count:,} {which}interval{'' if count == 1 else 's'}"


def _extremes(con: duckdb.DuckDBPyConnection, dates: Dates) -> str:
    """Return the highest and lowest total, each with the first of its times; "" if unknown."""
    figures = next(iter(named_rows(con.execute(WHOLE))), {})
    if figures.get("peak_mw") is None:
        return ""
    unit = unit_for((figures["peak_mw"], figures["min_mw"]))
    texts = []
    for word, end in (("highest", "peak"), ("lowest", "min")):
        others = figures[f"{end}_count"] - 1
        more = f" and {others:,} more time{'s' if others > 1 else ''}" if others else ""
        value, at = in_decimals(unit.of(figures[f"{end}_mw"])), figures[f"{end}_local"]
        texts.append(f"{word} {value} {unit.power} at {dates.minute(at)}{more}")
    return ", ".join(texts)
