"""Write and read the ledger, raw.files: one row per file that arrived and feeder that it has.

Knows no bytes on disk.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from ingest.check_files import CheckedFile
from ingest.layouts.interface import RawFile

# a file taken out of use: a later row of the ledger names it
NOT_WITHDRAWN = """file_id not in (select release_of from raw.files where outcome = 'withdrawn')"""


@dataclass(frozen=True)
class Entry:
    """A row of the ledger to be."""

    raw: RawFile
    outcome: str
    stored_as: str
    checked: CheckedFile | None = None
    reason: str | None = None
    letter: str | None = None
    duplicate_of: int | None = None
    release_of: int | None = None
    release_reason: str | None = None
    precedence: str | None = None
    accepted_seq: int | None = None  # by default that of its own arrival


def next_file_id(con: duckdb.DuckDBPyConnection) -> int:
    """Return the number of the next arrival."""
    return con.execute("select coalesce(max(file_id), 0) + 1 from raw.files").fetchone()[0]


def content_of(raw: RawFile) -> tuple[str, str]:
    """Return what makes a file a duplicate: the same bytes for the same feeder."""
    return raw.sha256, raw.feeder


def accepted_before(
    con: duckdb.DuckDBPyConnection, batch: list[RawFile]
) -> dict[tuple[str, str], tuple[int, str]]:
    """Return content -> (file_id, place) of what the batch has and an earlier batch accepted."""
    rows = con.execute(
        f"""
        select sha256, feeder, file_id, stored_as from raw.files
        where outcome = 'accepted' and sha256 in (select unnest(?)) and {NOT_WITHDRAWN}
        """,
        [[raw.sha256 for raw in batch]],
    ).fetchall()
    return {(sha256, feeder): (file_id, place) for sha256, feeder, file_id, place in rows}


def holed_before(con: duckdb.DuckDBPyConnection, batch: list[RawFile]) -> set[tuple[str, str]]:
    """Return what the batch has that an earlier one rejected for its holes only."""
    rows = con.execute(
        """
        select distinct sha256, feeder from raw.files as files
        where outcome = 'sequence_error' and contains(notes, '"holes"')
            and sha256 in (select unnest(?))
            and not exists (
                from raw.files as later
                where later.sha256 = files.sha256 and later.feeder = files.feeder
                    and later.outcome = 'withdrawn' and later.file_id > files.file_id
            )
        """,
        [[raw.sha256 for raw in batch]],
    ).fetchall()
    return set(rows)


def save_ledger(
    con: duckdb.DuckDBPyConnection, entries: list[Entry], first_id: int, now: datetime
) -> None:
    """Append entries to raw.files, numbered from `first_id`."""
    if not entries:
        return
    rows = [_row(file_id, entry, now) for file_id, entry in enumerate(entries, first_id)]
    marks = ", ".join("unnest(?)" for _ in rows[0])
    con.execute(
        f"insert into raw.files ({', '.join(rows[0])}) select {marks}",
        [[row[name] for row in rows] for name in rows[0]],
    )


def _row(file_id: int, entry: Entry, now: datetime) -> Mapping[str, object]:
    """Return the row of an entry, by column; those left out are NULL."""
    raw, checked = entry.raw, entry.checked
    problem = checked.problem if checked else None
    notes = (*raw.outline.notes, *(checked.notes if checked else ()))
    return {
        "file_id": file_id,
        "file_name": raw.name,
        "feeder": raw.feeder,
        "sha256": raw.sha256,
        "size_bytes": raw.size,
        "outcome": entry.outcome,
        "reason": entry.reason,
        "bad_line": problem.line if problem else None,
        "bad_record": problem.record if problem else None,
        "header_line": raw.outline.header_line or None,
        "row_count": checked.row_count if checked else 0,
        "first_start_local": checked.first_start if checked else None,
        "last_end_local": checked.last_end if checked else None,
        "stored_as": entry.stored_as,
        "letter": entry.letter,
        "accepted_seq": (entry.accepted_seq or file_id) if entry.outcome == "accepted" else None,
        "duplicate_of": entry.duplicate_of,
        "release_of": entry.release_of,
        "release_reason": entry.release_reason,
        "processed_at": now,
        "precedence": entry.precedence,
        "problem_code": problem.code if problem else None,
        "layout": raw.layout.name if raw.layout else None,
        "point": raw.part.name if raw.part else None,
        "notes": json.dumps(dict(notes)) if notes else None,
        "kind": raw.kind,
    }
