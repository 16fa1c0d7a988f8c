"""Check raw files by the thousand: read their rows, apply the rules, save the rows of good ones.

Knows the order of these steps: `layouts` knows how files are read, `rules` what a good one is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb

from ingest.layouts import CLASSIC, in_other_form
from ingest.layouts.interface import ROW_COLUMNS, Layout, RawFile
from ingest.left_out_rows import leave_out_rows
from ingest.parts import split_files
from ingest.problems import Problem
from ingest.register_rules import check_registers
from ingest.rules import find_problems, rule_sql, save_series
from ingest.workspace import REGISTER

HOLES, MISSING = "holes", "missing_intervals"  # notes of the ledger


@dataclass(frozen=True)
class CheckedFile:
    """A raw file after the rules: its number in the batch, its span and, if it is not good, why.

    `notes` count its holes and the rows left out of it, as `RawFile.outline` does what was
    normalised.
    """

    number: int
    raw: RawFile
    problem: Problem | None
    row_count: int = 0
    first_start: datetime | None = None
    last_end: datetime | None = None
    notes: tuple[tuple[str, int], ...] = ()

    @property
    def is_holed(self) -> bool:
        """Whether it is good but for whole intervals that are missing in it."""
        return HOLES in dict(self.notes)

    def with_holes_accepted(self) -> "CheckedFile":
        """Return the file as good, if it is holed."""
        return replace(self, problem=None) if self.is_holed else self


def check_files(
    con: duckdb.DuckDBPyConnection, files: list[RawFile], keep: Mapping[int, str] | None = None
) -> list[CheckedFile]:
    """Read the rows of files into `batch_rows` and apply the rules of a good file.

    `keep` has, by their place in `files`, those in which the first or the last row of a doubled
    start counts. Returns one CheckedFile per file, numbered in their order; the rows wait for
    `save_rows`.
    """
    numbered = dict(enumerate(files))
    registers = {n: raw for n, raw in numbered.items() if raw.kind == REGISTER}
    for number in registers:
        del numbered[number]
    unread = read_rows(con, numbered)
    save_series(con, numbered)
    notes = leave_out_rows(con, numbered, keep or {})
    problems = find_problems(con, numbered, unread)
    spans = {number: span for number, *span in con.execute(rule_sql("spans")).fetchall()}
    read, wrong = check_registers(con, registers)
    spans |= read
    problems |= wrong
    return [
        CheckedFile(
            number,
            raw,
            problems.get(number),
            *spans.get(number, (0, None, None)),
            (*notes.get(number, ()), *_holes(problems.get(number))),
        )
        for number, raw in sorted((numbered | registers).items())
    ]


def _holes(problem: Problem | None) -> tuple[tuple[str, int], ...]:
    """Return how many holes a holed file has, and how many intervals are missing in them."""
    if not problem or not problem.is_holed:
        return ()
    missing = sum(found.count for found in problem.breaks)
    return (HOLES, len(problem.breaks)), (MISSING, missing)


def read_rows(con: duckdb.DuckDBPyConnection, files: dict[int, RawFile]) -> dict[int, Problem]:
    """Have each layout read its files into `batch_rows`; return the problems of those it cannot.

    A file of which the classic reader cannot read all rows is read in another form if that can: it
    takes the place of the classic one in `files`.
    """
    problems = {number: raw.problem for number, raw in files.items() if raw.problem}
    reading = CLASSIC.read(con, _files_of(CLASSIC, files))
    others = _in_other_forms(con, files, reading.problems)
    files |= others
    problems |= {n: problem for n, problem in reading.problems.items() if n not in others}
    columns = ", ".join(ROW_COLUMNS)
    selected = [f"select {columns} from {reading.rows}"]
    if others:  # not the rows that the classic reader did understand of them
        selected[0] += f" where file_no not in ({', '.join(map(str, others))})"
    for layout in dict.fromkeys(raw.layout for raw in files.values() if raw.layout):
        if layout is not CLASSIC:
            reading = layout.read(con, _files_of(layout, files))
            problems |= reading.problems
            selected.append(f"select {columns} from {reading.rows}")
    con.execute(f"create or replace temp view read_rows as {' union all '.join(selected)}")
    con.execute("create or replace temp view batch_rows as from read_rows")
    return problems


def _files_of(layout: Layout, files: dict[int, RawFile]) -> dict[int, RawFile]:
    # two threads that look at files may each have made the same layout
    return {n: raw for n, raw in files.items() if raw.layout == layout and not raw.problem}


def _in_other_forms(
    con: duckdb.DuckDBPyConnection, files: dict[int, RawFile], problems: Mapping[int, Problem]
) -> dict[int, RawFile]:
    """Return the classic files that cannot be read, as the other form that reads all of them."""
    unreadable = (n for n, problem in problems.items() if problem.outcome == "unreadable")
    found = {number: in_other_form(files[number]) for number in unreadable}
    parts = {n: split_files(con, [raw])[0] for n, raw in found.items() if raw}
    return {number: part for number, part in parts.items() if not part.problem}


def save_rows(con: duckdb.DuckDBPyConnection, file_ids: dict[int, int]) -> int:
    """Append the rows of accepted files (number in the batch -> file_id) and return their count.

    raw.file_months gets its rows with them, raw.register_reads those of register reads.
    """
    if not file_ids:
        return 0
    numbers = [list(file_ids), list(file_ids.values())]
    con.execute(rule_sql("save_months"), numbers)
    count = con.execute(rule_sql("save_rows"), numbers).fetchone()[0]
    return count + con.execute(rule_sql("save_register_reads"), numbers).fetchone()[0]
