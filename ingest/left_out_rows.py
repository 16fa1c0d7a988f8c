"""Leave rows of files out: those repeated word for word, and by decision those of a doubled start.

Knows `batch_rows`, a view of all rows that were read; not what a good file is.
"""

from collections import Counter
from collections.abc import Mapping

import duckdb

from ingest.rules import Files, rule_sql, save_series

FIRST, LAST = "first", "last"
REPEATED = "repeated_rows"  # a note of the ledger
NOTE_OF = {FIRST: "kept_first", LAST: "kept_last"}
DIRECTIONS = {FIRST: 1, LAST: -1}

TABLE = """
create or replace temp table left_out (file_no integer, line_number bigint, position integer)
"""
LEAVE_OUT = """
create or replace temp view batch_rows as
select * from read_rows anti join left_out using (file_no, line_number, position)
"""
COUNTS = "select file_no, count(*) from left_out group by file_no"

Notes = dict[int, tuple[tuple[str, int], ...]]


def leave_out_rows(con: duckdb.DuckDBPyConnection, files: Files, keep: Mapping[int, str]) -> Notes:
    """Take repeated rows out of `batch_rows`, and count them by file, as notes of the ledger.

    `keep` has the files whose doubled starts are decided: the first or the last row of each counts.
    """
    con.execute(TABLE)
    found: dict[int, Counter[str]] = {}
    repeated = _leave_out(con, files, REPEATED)
    for number, count in repeated.items():
        found.setdefault(number, Counter())[REPEATED] = count
    if keep:
        directions = [DIRECTIONS[kept] for kept in keep.values()]
        asked = {"numbers": list(keep), "directions": directions}
        for number, count in _leave_out(con, files, "other_rows_of_start", asked).items():
            kept = count - repeated.get(number, 0)
            if kept:
                found.setdefault(number, Counter())[NOTE_OF[keep[number]]] = kept
    return {number: tuple(notes.items()) for number, notes in found.items()}


def _leave_out(
    con: duckdb.DuckDBPyConnection, files: Files, name: str, values: Mapping | None = None
) -> dict[int, int]:
    """Leave out the rows that a query finds; return how many rows are left out by now, by file."""
    text = rule_sql(name).format(is_repeated=rule_sql("is_repeated"))
    con.execute(f"insert into left_out {text}", values)
    counts = dict(con.execute(COUNTS).fetchall())
    if counts:
        con.execute(LEAVE_OUT)
        save_series(con, files)
    return counts


def kept_rows(notes: Mapping[str, int]) -> str | None:
    """Return which row of a doubled start was kept by decision, as the notes of a file record."""
    return next((kept for kept, note in NOTE_OF.items() if note in notes), None)
