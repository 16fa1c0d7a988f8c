"""Write the logs of the drop folder from the ledger. Knows raw.files, no bytes of files."""

import re
from pathlib import Path

import duckdb

from ingest.letters import one_line

LOG_LINES = """
select file_id, processed_at, outcome, file_name, stored_as, row_count, reason, letter,
    release_of, release_reason
from raw.files
where file_id >= ? and (letter is not null or ?)
order by file_id
"""


def append_logs(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make dropbox.log show every outcome, and dropbox-error.log every letter."""
    _append_log(con, folder / "dropbox.log", _log_line, everything=True)
    _append_log(con, folder / "dropbox-error.log", _error_entry, everything=False)


def _append_log(con: duckdb.DuckDBPyConnection, path: Path, form, *, everything: bool) -> None:
    """Make the log show the whole ledger: its last entry, perhaps cut short, is rewritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as log:
        log.seek(0)
        text = log.read()
        start = text.rfind(b"\n#") + 1
        found = re.match(rb"#(\d+) ", text[start:])
        entries = con.execute(LOG_LINES, [int(found[1]) if found else 0, everything]).fetchall()
        log.truncate(start if found else 0)
        log.write("".join(form(*entry) for entry in entries).encode())


def _log_line(file_id, at, outcome, name, stored_as, rows, reason, _letter, of, why) -> str:
    detail = f"released, was #{of}: {why}" if of else reason or f"{rows} rows"
    line = f"{at:%Y-%m-%dT%H:%M:%SZ} {outcome}: {name} -> {stored_as} ({detail})"
    return f"#{file_id} {one_line(line)}\n"


def _error_entry(file_id, at, outcome, name, _stored_as, _rows, _reason, letter, *_) -> str:
    title = one_line(f"{at:%Y-%m-%dT%H:%M:%SZ} {outcome}: {name}")
    return f"#{file_id} {title}\n\n{letter}\n"
