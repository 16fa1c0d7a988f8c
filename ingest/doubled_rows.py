"""Find the intervals that a file holds more than once. Knows rows, not what they mean."""

from datetime import datetime

import duckdb

from ingest.rules import rule_sql

MOST_TIMES = 5
ACCEPTED = "select max(file_id) from raw.files where sha256 = ? and outcome = 'accepted'"


def doubled_rows(con: duckdb.DuckDBPyConnection, sha256: str) -> str | None:
    """Return a sentence on what the accepted file of these bytes has more than once, else None."""
    (file_id,) = con.execute(ACCEPTED, [sha256]).fetchone()
    found = con.execute(rule_sql("doubled_rows"), {"file_id": file_id}).fetchall()
    if not found:
        return None
    different = [start for start, is_different, _ in found if is_different]
    earlier = [start for start, _, is_earlier in found if is_earlier]
    count = f"{len(found):,} interval" + ("s are" if len(found) > 1 else " is")
    text = f"{count} in it more than once"
    if not different:
        return f"{text}, with equal values."
    counts = "the later line counts"
    if earlier:
        counts += f", but where it has no value ({_times(earlier)}) the last that has one"
    return (
        f"{text}, {len(different):,} of them with other values ({_times(different)}): {counts}. "
        "If another line is right, withdraw the file, take the wrong lines out of it and drop it "
        "again."
    )


def _times(starts: list[datetime]) -> str:
    more = ", ..." if len(starts) > MOST_TIMES else ""
    return ", ".join(f"{start:%Y-%m-%d %H:%M}" for start in starts[:MOST_TIMES]) + more
