"""Bring files, letters and logs to where the ledger says they belong. Can be repeated at any time.

The ledger (raw.files) is committed first; whatever a crash leaves undone is done here at the next
start, from the ledger and the bytes on disk alone.
"""

import errno
import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

import duckdb

from ingest.file_names import rejected_name
from ingest.layouts.interface import RawFile
from ingest.letters import closing_note
from ingest.logs import append_logs
from ingest.warehouse import utc_now
from ingest.workspace import FOLDERS, Workspace

SUFFIXES = {
    "sequence_error": "_SEQUENCE-ERROR",
    "unreadable": "_UNREADABLE",
    "unknown_meter": "_UNKNOWN-METER",
    "empty": "_EMPTY",
}
MOST_NAME_BYTES = 255
ERROR = "ERROR"
ARCHIVES = tuple(f"data/{folder}/" for folder in FOLDERS.values())
LEDGER = "ledger.parquet"
# A released file waits where it was rejected, any other in the drop folder.
PENDING = """
select files.file_id, files.file_name, files.sha256, files.stored_as, files.letter,
    files.outcome, files.feeder, rejected.stored_as
from raw.files
left join raw.files as rejected on files.release_of = rejected.file_id
where files.filed_at is null
order by files.file_id
"""
CLOSED = """
select rejected.stored_as, rejected.letter, rejected.outcome, rejected.feeder,
    closing.sha256 = rejected.sha256
        and (closing.feeder = rejected.feeder or rejected.point is null and closing.point <> ''),
    closing.stored_as, closing.sha256, closing.file_name
from raw.files as rejected
inner join raw.files as closing on rejected.closed_by = closing.file_id
where closing.file_id in (select unnest(?)) and closing.outcome = 'accepted'
    and closing.release_of is null
order by rejected.file_id
"""
ARCHIVED = """
select file_name, stored_as, size_bytes, sha256
from raw.files
where outcome = 'accepted' and filed_at is not null
"""
# Reported once, then kept: a file whose bytes are gone must not stop the others for ever.
BYTES_LOST = "bytes lost before filing"
LOST = "update raw.files set filed_at = ?, reason = ? where file_id = ?"
FILED = "update raw.files set filed_at = ? where file_id in (select unnest(?))"


class FilingError(RuntimeError):
    """The bytes of a file in the ledger are neither where it was dropped nor where it belongs."""


def sha256_of(path: Path) -> str | None:
    """Return the sha256 of a file's bytes, or None if there is no such file."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def place_for(workspace: Workspace, raw: RawFile, outcome: str, month: str, taken: dict) -> str:
    """Return where a file belongs, as a path below the root with forward slashes.

    `taken` maps places given in this batch to their sha256. A name that another content already
    has gets `-<first 8 of sha256>`, so nothing is overwritten; the same content keeps its place.
    """
    folder = workspace.archive_of(raw.kind) / (month if outcome == "accepted" else ERROR)
    if outcome == "accepted":
        stem, ending = Path(raw.name).stem, raw.path.suffix
    else:
        stem, ending = rejected_name(raw.name, SUFFIXES[outcome])
    for name in (_fit(stem, ending), _fit(stem, f"-{raw.sha256[:8]}{ending}")):
        place = (folder / name).relative_to(workspace.root).as_posix()
        holder = taken.get(place.lower()) or sha256_of(folder / name)
        if holder in (None, raw.sha256):
            break
    taken[place.lower()] = raw.sha256
    return place


def letter_place(workspace: Workspace, stored_as: str, outcome: str, feeder: str) -> Path:
    """Return where the letter of a rejection belongs: beside the file, if that is in ERROR.

    Else other feeders of the file were accepted, and the letter names its own.
    """
    place = recorded_place(workspace, stored_as)
    if place.parent.name == ERROR:
        return place.with_suffix(".txt")
    return place.parents[1] / ERROR / f"{letter_stem(place.stem, outcome, feeder)}.txt"


def letter_stem(stem: str, outcome: str, feeder: str) -> str:
    """Return the name, without its ending, of a letter of one feeder of a file."""
    return _fit(f"{stem}-{feeder}", SUFFIXES[outcome] + ".txt").removesuffix(".txt")


def recorded_place(workspace: Workspace, stored_as: str) -> Path:
    """Return the path of a file of the ledger; raise FilingError if it is not in the archive."""
    if not stored_as.startswith(ARCHIVES) or ".." in re.split(r"[/\\]", stored_as):
        raise FilingError(
            f"The ledger has a file at {stored_as!r}, which is not below {' or '.join(ARCHIVES)}: "
            "load-profile did not write that. It was left alone."
        )
    return workspace.root / stored_as


def _fit(stem: str, ending: str) -> str:
    """Return a file name of at most 255 bytes; a stem that is too long loses its end."""
    room = MOST_NAME_BYTES - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore") + ending


def file_away(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, fresh: Iterable[RawFile] = ()
) -> int:
    """Move every file of the ledger that is not yet in its place; write its letter and log lines.

    `fresh` are the files read in this run: one that has not changed since needs no second hash.
    A rejection that one of them closes is cleared up. Returns the number of files filed. Raises
    FilingError if bytes cannot be found, after all others are in place.
    """
    pending = con.execute(PENDING).fetchall()
    if pending or not (workspace.archive / LEDGER).exists():
        save_ledger_copy(con, workspace)
    read = {(raw.name, raw.sha256): raw for raw in fresh}
    filed, lost = [], {}
    settled: set[tuple[Path, str]] = set()  # a file of several feeders is moved once
    for file_id, name, sha256, stored_as, letter, outcome, feeder, rejected_as in pending:
        place = recorded_place(workspace, stored_as)
        raw = read.get((name, sha256))
        source = _source_of(workspace, name, sha256, rejected_as, raw)
        try:
            if (source, stored_as) not in settled:
                _settle(source, place, sha256, raw)
                settled.add((source, stored_as))
        except FilingError as error:
            lost[file_id] = str(error)
            continue
        filed.append(file_id)
        if letter is not None:
            write_text(letter_place(workspace, stored_as, outcome, feeder), letter)
        if (
            rejected_as and source != place and source.with_suffix(".txt").exists()
        ):  # a letter goes with its file
            source.with_suffix(".txt").replace(place.with_suffix(".txt"))
    _clear_closed(con, workspace, filed)
    append_logs(con, workspace.logs)
    _note_filed(con, filed, list(lost))
    if lost:
        raise FilingError("\n".join(lost.values()))
    return len(filed)


def _source_of(
    workspace: Workspace, name: str, sha256: str, rejected_as: str | None, raw: RawFile | None
) -> Path:
    """Return where the bytes of a file wait: where it was rejected, else in the drop folder."""
    if rejected_as:
        return recorded_place(workspace, rejected_as)
    return raw.path if raw else dropped_path(workspace, name, sha256)


def _note_filed(con: duckdb.DuckDBPyConnection, filed: list[int], lost: list[int]) -> None:
    """Note in the ledger which files are in place, and whose bytes are gone."""
    now = utc_now()
    if filed:
        con.execute(FILED, [now, filed])
    for file_id in lost:
        con.execute(LOST, [now, BYTES_LOST, file_id])


def save_ledger_copy(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Keep the ledger beside the archive too, so that a lost warehouse can be rebuilt."""
    place = workspace.archive / LEDGER
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_suffix(".tmp")
    target = str(temporary).replace("'", "''")
    con.execute(f"copy (from raw.files order by file_id) to '{target}' (format parquet)")
    temporary.replace(place)


def dropped_path(workspace: Workspace, name: str, sha256: str) -> Path:
    """Return a file's path in a drop folder: its name there, or the one it had in ERROR."""
    path = _dropped_as(workspace, name)
    stem, suffix = path.stem, path.suffix
    ends = ["", *(piece + end for end in SUFFIXES.values() for piece in ("", f"-{sha256[:8]}"))]
    others = [folder / f"{stem}{end}{suffix}" for folder in workspace.drop_folders for end in ends]
    found = [other for other in others if other.exists() and sha256_of(other) == sha256]
    return found[0] if found else path


def _dropped_as(workspace: Workspace, name: str) -> Path:
    """Return the path of a dropped file of the ledger; raise FilingError for what is not a name."""
    if Path(name).name != name:
        raise FilingError(
            f"The ledger has a file {name!r}, which is not the name of one: load-profile did not "
            "write that. It was left alone."
        )
    return workspace.dropbox / name


def _clear_closed(con: duckdb.DuckDBPyConnection, workspace: Workspace, filed: list[int]) -> None:
    """Clear up the rejections that the files just filed have closed.

    A copy in ERROR goes, with its letter, if the archive has the same bytes for the same feeder;
    ledger and log keep the letter. Any other stays, and its letter says what closed it.
    """
    for rejected_as, letter, outcome, feeder, is_same, stored_as, sha256, name in con.execute(
        CLOSED, [filed]
    ).fetchall():
        old, new = (recorded_place(workspace, place) for place in (rejected_as, stored_as))
        note = letter_place(workspace, rejected_as, outcome, feeder)
        if is_same:
            if old != new and sha256_of(old) == sha256 == sha256_of(new):
                old.unlink()
            if old == new or not old.exists():
                note.unlink(missing_ok=True)
        elif note.exists():
            write_text(note, closing_note(name, letter))


def _settle(source: Path, place: Path, sha256: str, fresh: RawFile | None) -> None:
    """Make `place` hold the bytes with that hash, and `source` no longer hold them."""
    if source == place:  # what is released of a file that is in the archive
        if sha256_of(place) != sha256:
            raise _lost(source, place, sha256)
        return
    if fresh and fresh.sha256 == sha256 and not place.exists() and fresh.is_unchanged():
        place.parent.mkdir(parents=True, exist_ok=True)
        _move(source, place)
        return
    is_waiting = sha256_of(source) == sha256
    held = sha256_of(place)
    if held == sha256:
        if is_waiting:
            source.unlink()
        return
    if not is_waiting:
        raise _lost(source, place, sha256)
    place.parent.mkdir(parents=True, exist_ok=True)
    if held is not None:  # a damaged archive copy is kept beside the good one
        place.rename(place.with_name(_fit(place.stem, f"-damaged-{held[:8]}{place.suffix}")))
    _move(source, place)


def _lost(source: Path, place: Path, sha256: str) -> FilingError:
    return FilingError(
        f"The file {source.name} with sha256 {sha256} was taken in, but its bytes are neither "
        f"at {source} nor at {place}. Its rows are kept. If you have it, put it at {place}."
    )


def _move(source: Path, place: Path) -> None:
    """Move a file so that `place` is whole or absent, also from another disk."""
    try:
        source.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_bytes(place, source.read_bytes())
        source.unlink()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file so that it is whole, on disk, or not there."""
    temporary = path.with_name(f"{path.stem[:40]}.tmp")
    with temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def take_back_grown(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Find archived files that were still being written when they were taken in.

    A writer that holds a file open goes on in the archive. The whole file goes back to the drop
    folder, to be taken in as what it is now; the part that was accepted keeps its place.
    """
    for name, stored_as, size, sha256 in con.execute(ARCHIVED).fetchall():
        place, back = recorded_place(workspace, stored_as), _dropped_as(workspace, name)
        if not place.exists() or place.stat().st_size <= size or back.exists():
            continue
        part = place.read_bytes()[:size]
        if hashlib.sha256(part).hexdigest() == sha256:
            _move(place, back)
            write_bytes(place, part)


def write_text(path: Path, text: str) -> None:
    """Write a text file so that a reader sees the old or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.stem[:40]}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)
