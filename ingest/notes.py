"""Count what was normalised, and which rejected files have holes only. Reads raw.files only."""

import json
from collections import Counter, defaultdict
from datetime import datetime

import duckdb

from ingest.check_files import HOLES, MISSING
from ingest.left_out_rows import NOTE_OF, REPEATED
from ingest.letters import note_in_words
from ingest.parts import AS_ENERGY, AS_POWER
from ingest.words import counted

# What is counted for each feeder of a file; all else for the file, and the same with each.
OF_FEEDER = {HOLES, MISSING, REPEATED, *NOTE_OF.values(), AS_ENERGY, AS_POWER}
NOTED = """
select stored_as, notes
from raw.files
where notes is not null and outcome = 'accepted' and processed_at >= ?
order by file_id
"""
WAITING = """
select stored_as, notes
from raw.files
where contains(notes, '"holes"') and letter is not null and closed_by is null
order by file_id
"""


def notes_of_files(con: duckdb.DuckDBPyConnection, since: datetime) -> list[str]:
    """Return a line for each kind of what was normalised in files accepted since a time (UTC)."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for place, text in con.execute(NOTED, [since]).fetchall():
        for code, count in json.loads(text).items():
            known = counts[code].get(place, 0)
            counts[code][place] = known + count if code in OF_FEEDER else max(known, count)
    return [
        f"in {counted(len(of_file), 'file')}: {note_in_words(code, sum(of_file.values()))}"
        for code, of_file in sorted(counts.items())
    ]


def waiting_holes(con: duckdb.DuckDBPyConnection, options: str = "") -> str | None:
    """Return how many rejected files have holes only, and how to take them in.

    `options` are those that the command needs, such as a root.
    """
    missing: Counter[str] = Counter()
    for place, text in con.execute(WAITING).fetchall():
        missing[place] += json.loads(text)[MISSING]
    if not missing:
        return None
    have, them = ("has", "it") if len(missing) == 1 else ("have", "them")
    return (
        f"{counted(len(missing), 'file')} {have} holes only "
        f"({counted(sum(missing.values()), 'interval')}); "
        f"`load-profile release --holes{options}` takes {them} in"
    )
