"""The rules that a good file of register reads keeps. Knows rows, no layout and no words."""

from datetime import datetime

import duckdb

from ingest.layouts import REGISTERS
from ingest.layouts.interface import RawFile
from ingest.problems import Problem
from ingest.rules import FIRST_TIME, MOST_AHEAD, rule_sql
from ingest.warehouse import utc_now

Span = list[int | datetime]
SPANS = """
select file_no, count(*), min(read_at_local), max(read_at_local) from register_rows group by file_no
"""


def check_registers(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]
) -> tuple[dict[int, Span], dict[int, Problem]]:
    """Read the rows of files of register reads; return how many and from when to when, and faults.

    Rows may be in any order, and a read may be there twice.
    """
    problems = {number: raw.problem for number, raw in files.items() if raw.problem}
    REGISTERS.read(con, {n: raw for n, raw in files.items() if n not in problems})
    if len(problems) == len(files):
        return {}, problems
    latest = utc_now() + MOST_AHEAD
    for number, line, read_at, count in con.execute(
        rule_sql("odd_register_dates"), {"first": FIRST_TIME, "latest": latest}
    ).fetchall():
        values = {"first_year": FIRST_TIME.year, "latest": latest}
        values |= {"start": read_at, "row_count": count}
        problems[number] = Problem("register_date", line, values=values)
    names = ("second_line", "first_line", "meter", "read_at", "column", "first_value", "value")
    for number, *found in con.execute(rule_sql("register_conflicts")).fetchall():
        values = dict(zip(names, found, strict=True))
        problems[number] = Problem("register_conflict", found[0], values=values)
    spans = {number: span for number, *span in con.execute(SPANS).fetchall()}
    return spans, problems
