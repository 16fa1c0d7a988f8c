"""Release rejected files after review: one with what is wrong with it, or all that have holes only.

Works through the ledger and the archive, and leaves every byte where it can be found.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from os import cpu_count
from pathlib import Path

import duckdb

from ingest import letters
from ingest.check_files import MISSING, CheckedFile, check_files, save_rows
from ingest.filing import (
    ERROR,
    file_away,
    letter_place,
    letter_stem,
    place_for,
    recorded_place,
    sha256_of,
)
from ingest.layouts import Recognise, recognise_in
from ingest.layouts.interface import RawFile
from ingest.ledger import NOT_WITHDRAWN, Entry, next_file_id, save_ledger
from ingest.left_out_rows import NOTE_OF
from ingest.load_files import Progress, batches
from ingest.other_units import find_other_units
from ingest.parts import split_files
from ingest.problems import RELEASABLE
from ingest.raw_files import inspect_files
from ingest.rejections import close_rejections
from ingest.review import ReviewError
from ingest.sql import sql_beside
from ingest.warehouse import open_warehouse, utc_now
from ingest.workspace import Workspace

# of a file whose bytes are moved, the other feeders that were rejected with it
MOVED = """
update raw.files set stored_as = ?
where sha256 = ? and stored_as = ? and point is not null
    and file_id not in (select unnest(?))
"""
REJECTED = """
select file_id, file_name, sha256, outcome, stored_as, reason, feeder, point is not null
from raw.files
where letter is not null
    and (file_name = $name or parse_filename(stored_as) = $name or file_id::varchar = $number
        or contains($name, '-' || feeder || '_'))
order by file_id desc
"""


@dataclass(frozen=True)
class Rejected:
    """A rejection in the ledger."""

    file_id: int
    name: str
    sha256: str
    outcome: str
    stored_as: str
    reason: str
    feeder: str


@dataclass(frozen=True)
class Released:
    """A rejection, the file checked again, and the entry that accepts it."""

    rejected: Rejected
    checked: CheckedFile
    entry: Entry


@dataclass(frozen=True)
class ReleasedHoles:
    """What releasing all holed files took in; `refused` has each that was left, and why."""

    file_count: int
    row_count: int
    missing_intervals: int
    refused: tuple[tuple[str, str], ...]


def release_file(
    workspace: Workspace,
    file: str,
    reason: str,
    recognise: Recognise | None = None,
    keep: str | None = None,
) -> Entry:
    """Accept a rejected file after review: load its rows, move it to the archive, keep the reason.

    `file` is its path or its name in data/KW/ERROR or in the drop folder; of a file of several
    feeders that of the letter of one, or the number of its row in the ledger. Only a file whose
    rows can be read and belong to a known feeder can be released; a hole stays a gap. With `keep`
    only the first or the last row of each doubled start is loaded. Raises ReviewError if it is
    unknown, released or accepted already, changed since it was rejected, or rejected for something
    else.
    """
    with open_warehouse(workspace.warehouse) as con:
        file_away(con, workspace)
        rejected = _rejected(con, workspace, file)
        recognise = recognise or recognise_in(workspace)
        checked = _checked_again(con, workspace, rejected, recognise, keep)
        arrival = _holed_arrival(con, rejected) if checked.is_holed else None
        release = _release(workspace, rejected, checked, reason, arrival, {})
        workspace.last_run.unlink(missing_ok=True)
        _commit(con, [release])
        _file(con, workspace, [release])
    return release.entry


def release_holes(
    workspace: Workspace,
    reason: str,
    since: date | None = None,
    recognise: Recognise | None = None,
    progress: Progress = lambda *_: None,
) -> ReleasedHoles:
    """Accept all rejected files that are good but for whole missing intervals.

    `since` is the day (UTC) of the rejection from which on they are. Each is checked again; what
    has something else wrong with it is left where it is. They count as if they had been accepted
    when they arrived: what came later goes on counting before them.
    """
    made: list[Released] = []
    refused: list[tuple[str, str]] = []
    with open_warehouse(workspace.warehouse) as con:
        file_away(con, workspace)
        rows = con.execute(sql_beside(__file__, "tables/holed_rejections"), {"since": since})
        waiting = [Rejected(*row) for row in rows.fetchall()]
        recognise = recognise or recognise_in(workspace)
        found = _read_again(con, workspace, waiting, recognise, refused)
        workspace.last_run.unlink(missing_ok=True)
        taken: dict[str, str] = {}
        done = 0
        for batch in batches([raw for raw, _ in found]):
            of_raw = {(raw.path, raw.feeder): rejected for raw, rejected in found}
            releases = []
            for checked in _good_ones(con, batch, refused):
                rejected = of_raw[checked.raw.path, checked.raw.feeder]
                arrival = _holed_arrival(con, rejected) or (rejected.file_id, None)
                releases.append(_release(workspace, rejected, checked, reason, arrival, taken))
            _commit(con, releases)
            made += releases
            done += len(batch)
            progress("Releasing files", done, len(found))
        _file(con, workspace, made)
    return ReleasedHoles(
        len({release.rejected.stored_as for release in made}),
        sum(release.checked.row_count for release in made),
        sum(dict(release.checked.notes).get(MISSING, 0) for release in made),
        tuple(refused),
    )


def _read_again(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    waiting: Iterable[Rejected],
    recognise: Recognise,
    refused: list[tuple[str, str]],
) -> list[tuple[RawFile, Rejected]]:
    """Return rejected files as they are on disk, in the order of `waiting`.

    What cannot be found any more is added to `refused`.
    """
    places = {r: recorded_place(workspace, r.stored_as) for r in waiting}
    paths = list(dict.fromkeys(places.values()))
    parts: dict[Path, list[RawFile]] = defaultdict(list)
    for raw in split_files(con, list(inspect_files(paths, cpu_count() or 1, recognise=recognise))):
        parts[raw.path].append(raw)
    found = []
    for rejected, path in places.items():
        own = next((raw for raw in parts[path] if _is_of(raw, rejected)), None)
        if own:
            found.append((own, rejected))
        else:
            why = f"{path} is not what was rejected any more, or meter-data.csv has no such meter"
            refused.append((rejected.name, why))
    return found


def _is_of(raw: RawFile, rejected: Rejected) -> bool:
    return raw.sha256 == rejected.sha256 and (not raw.part or raw.feeder == rejected.feeder)


def _good_ones(
    con: duckdb.DuckDBPyConnection, batch: list[RawFile], refused: list[tuple[str, str]]
) -> list[CheckedFile]:
    """Check files again; return those with holes only, and add the others to `refused`."""
    checked = {c.number: c.with_holes_accepted() for c in check_files(con, batch)}
    good = {number: c.raw for number, c in checked.items() if not c.problem}
    problems = {number: c.problem for number, c in checked.items() if c.problem}
    problems |= find_other_units(con, good)
    refused += [
        (checked[number].raw.name, letters.reason(problem)) for number, problem in problems.items()
    ]
    return [c for number, c in checked.items() if number not in problems]


def _release(
    workspace: Workspace,
    rejected: Rejected,
    checked: CheckedFile,
    reason: str,
    arrival: tuple[int, str | None] | None,
    taken: dict[str, str],
) -> Released:
    """Return the release of a file; `arrival` is that in whose place it counts, if in any."""
    renamed = replace(checked.raw, path=workspace.dropbox / rejected.name)
    place = rejected.stored_as
    if recorded_place(workspace, place).parent.name == ERROR:
        month = f"{checked.first_start:%Y-%m}"
        place = place_for(workspace, renamed, "accepted", month, taken)
    accepted_seq, precedence = arrival or (None, None)
    entry = Entry(
        renamed,
        "accepted",
        place,
        checked,
        reason=rejected.reason,
        release_of=rejected.file_id,
        release_reason=reason,
        precedence=precedence,
        accepted_seq=accepted_seq,
    )
    return Released(rejected, checked, entry)


def _holed_arrival(
    con: duckdb.DuckDBPyConnection, rejected: Rejected
) -> tuple[int, str | None] | None:
    """Return number and precedence of the arrival that `holes = "accept"` would have accepted."""
    values = {"sha256": rejected.sha256, "feeder": rejected.feeder}
    return con.execute(sql_beside(__file__, "tables/holed_arrival"), values).fetchone()


def _commit(con: duckdb.DuckDBPyConnection, releases: list[Released]) -> None:
    """Save ledger and rows of one batch in one transaction."""
    first_id = next_file_id(con)
    file_ids = {r.checked.number: id_ for id_, r in enumerate(releases, first_id)}
    con.begin()
    save_ledger(con, [release.entry for release in releases], first_id, utc_now())
    save_rows(con, file_ids)
    own = [release.rejected.file_id for release in releases]
    for rejected, place in {(r.rejected, r.entry.stored_as) for r in releases}:
        con.execute(MOVED, [place, rejected.sha256, rejected.stored_as, own])
    close_rejections(con, first_id)
    con.commit()


def _file(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, releases: Iterable[Released]
) -> None:
    """Move the bytes of what was released, and remove the letters that do not go with them."""
    file_away(con, workspace)
    for release in releases:
        rejected = release.rejected
        place = letter_place(workspace, release.entry.stored_as, rejected.outcome, rejected.feeder)
        place.unlink(missing_ok=True)


def _checked_again(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    rejected: Rejected,
    recognise: Recognise,
    keep: str | None,
) -> CheckedFile:
    """Check a rejected file again; raise ReviewError if it was changed or cannot be released."""
    place = recorded_place(workspace, rejected.stored_as)
    if sha256_of(place) != rejected.sha256:
        raise ReviewError(
            f"{place} is not the file that was rejected (sha256 {rejected.sha256}). Drop a "
            f"repaired file into {workspace.dropbox} instead."
        )
    parts = split_files(con, inspect_files([place], 1, recognise=recognise))
    own = [part for part in parts if not part.part or part.feeder == rejected.feeder]
    if not own:
        raise ReviewError(
            f"No row of meter-data.csv names the meter of {rejected.feeder} in {rejected.name} any "
            "more; write it there first."
        )
    checked = check_files(con, own, {0: keep} if keep else None)[0]
    if keep and NOTE_OF[keep] not in dict(checked.notes):
        raise ReviewError(
            f"{rejected.name} has no two rows that start at one time; release it without --keep."
        )
    problem = checked.problem
    if problem and problem.outcome != "sequence_error" and problem.code not in RELEASABLE:
        raise ReviewError(
            f"{rejected.name} was rejected as {rejected.outcome}: only a file with a sequence "
            "error, an odd date, another serial number or another unit can be released. "
            f"{letters.reason(problem)}. {place.with_suffix('.txt')} explains what to do instead."
        )
    return checked


def _rejected(con: duckdb.DuckDBPyConnection, workspace: Workspace, file: str) -> Rejected:
    """Return the ledger's last rejection of a file, given by path, name, letter or number."""
    name, number = Path(file).name, file.removeprefix("#")
    rows = con.execute(REJECTED, {"name": name, "number": number}).fetchall()
    stem = Path(name).stem

    own = [row for row in rows if str(row[0]) == number]
    own = own or [row for row in rows if row[7] and stem in _part_names(row)]
    if not own:
        own = [row for row in rows if name in (row[1], Path(row[4]).name)]
        alike = {row[6]: row for row in reversed(own) if own[0][7] and row[2] == own[0][2]}
        if len(alike) > 1:
            names = ", ".join(f"{_part_names(row)[0]}.txt" for row in alike.values())
            raise ReviewError(f"{file} has several feeders; name the letter of one: {names}.")
    row = own[0] if own else None
    if row is None:
        raise ReviewError(
            f"{file}: no rejected file of this name; `load-profile status` lists all."
        )
    taken = con.execute(
        f"""
        select file_id, release_of from raw.files
        where sha256 = ? and feeder = ? and outcome = 'accepted' and {NOT_WITHDRAWN}
        order by file_id
        """,
        [row[2], row[6]],
    ).fetchone()
    if taken:
        how = "released" if taken[1] else "accepted"
        raise ReviewError(f"{file} was {how} already, as file #{taken[0]}; nothing was changed.")
    return Rejected(*row[:7])


def _part_names(row: tuple) -> list[str]:
    """Return what names one feeder of a rejected file: its letter, wherever the file is."""
    return [letter_stem(Path(name).stem, row[3], row[6]) for name in (row[1], row[4])]
