"""Withdraw a file after review, and rebuild a lost warehouse.

Works through the ledger and the archive, and leaves every byte where it can be found.
"""

import json
from collections import defaultdict
from os import cpu_count
from pathlib import Path

import duckdb

from ingest import letters
from ingest.archive import ensure_ledger
from ingest.check_files import CheckedFile, check_files, save_rows
from ingest.filing import (
    BYTES_LOST,
    LEDGER,
    dropped_path,
    file_away,
    recorded_place,
    save_ledger_copy,
)
from ingest.layouts import Recognise, recognise_in
from ingest.layouts.interface import RawFile
from ingest.ledger import NOT_WITHDRAWN, next_file_id
from ingest.left_out_rows import kept_rows
from ingest.load_files import Progress, batches, replace_meter_data
from ingest.meter_data import read_meter_data
from ingest.parts import split_files
from ingest.raw_files import inspect_files
from ingest.rejections import close_rejections
from ingest.sql import sql_beside
from ingest.warehouse import open_warehouse, utc_now
from ingest.workspace import Workspace

IN_USE = f"""
select file_id, row_count, stored_as, sha256, point is not null
from raw.files
where outcome = 'accepted' and {NOT_WITHDRAWN}
    and (file_name = $name or parse_filename(stored_as) = $name or file_id::varchar = $file)
order by file_id
"""
LEDGER_ROWS = "insert into raw.files by name from read_parquet(?, hive_partitioning = false)"


class ReviewError(ValueError):
    """A file cannot be released or withdrawn, or the archive does not hold what the ledger says."""


def withdraw_file(workspace: Workspace, file: str, reason: str) -> tuple[str, int]:
    """Take an accepted file out of use: its rows and bytes stay, the models no longer read them.

    `file` is its path or its name in data/KW or in the drop folder. What it had replaced counts
    again. The same bytes dropped once more are accepted again. Returns the file's place and its
    number of rows. Raises ReviewError if no file of that name is in use, or several are.
    """
    with open_warehouse(workspace.warehouse) as con:
        file_away(con, workspace)
        found = _in_use(con, file)
        workspace.last_run.unlink(missing_ok=True)
        con.begin()
        for file_id, *_ in found:
            con.execute(
                sql_beside(__file__, "tables/withdraw"),
                {"of": file_id, "why": reason, "id": next_file_id(con), "now": utc_now()},
            )
        con.commit()
        save_ledger_copy(con, workspace)
        file_away(con, workspace)
    return found[0][2], sum(row_count for _, row_count, *_ in found)


def _in_use(con: duckdb.DuckDBPyConnection, file: str) -> list[tuple[int, int, str, str, bool]]:
    """Return the one accepted file of this name, place or number that is not withdrawn.

    Of a file of several feeders these are its rows in the ledger; its number is that of one.
    """
    rows = con.execute(IN_USE, {"file": file.removeprefix("#"), "name": Path(file).name}).fetchall()
    exact = [row for row in rows if file.endswith(row[2])]
    rows = exact or rows
    if rows and len({row[2:] for row in rows}) == 1 and (len(rows) == 1 or rows[0][4]):
        return rows
    if not rows:
        raise ReviewError(
            f"{file}: no accepted file of this name is in use; `load-profile status` lists all."
        )
    places = ", ".join(f"#{file_id} {place}" for file_id, _, place, *_ in rows)
    raise ReviewError(f"{file} names several files; name one of {places}.")


def rebuild_warehouse(
    workspace: Workspace,
    progress: Progress = lambda *_: None,
    recognise: Recognise | None = None,
) -> Path | None:
    """Rebuild the warehouse from data/KW: the ledger's copy, then every accepted file's rows.

    The old file is kept; returns where, or None if there was none. Raises ReviewError, with
    everything as it was, when an archived file is missing or not the one that was accepted, and
    WarehouseError when neither the ledger's copy nor the warehouse can be read.
    """
    meters = read_meter_data(workspace.meter_data)
    ensure_ledger(workspace)
    workspace.warehouse.parent.mkdir(parents=True, exist_ok=True)
    new = workspace.warehouse.with_name("rebuild.duckdb")
    _remove(new)
    with open_warehouse(new) as con:
        replace_meter_data(con, meters)
        con.execute(LEDGER_ROWS, [str(workspace.archive / LEDGER)])
        _load_archive(con, workspace, progress, recognise or recognise_in(workspace))
        close_rejections(con)
        file_away(con, workspace)
    workspace.last_run.unlink(missing_ok=True)
    kept = _put_aside(workspace.warehouse)
    new.rename(workspace.warehouse)
    return kept


def _load_archive(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    progress: Progress,
    recognise: Recognise,
) -> None:
    """Load the rows of every file that the ledger calls accepted, under its old number."""
    rows = con.execute(
        "select sha256, file_id, stored_as, file_name, feeder, point, notes from raw.files"
        " where outcome = 'accepted' and reason is distinct from ? order by file_id",
        [BYTES_LOST],
    ).fetchall()
    ids = defaultdict(list)
    keep: dict[tuple, str] = {}
    for sha256, file_id, stored_as, name, feeder, point, notes in rows:
        place = recorded_place(workspace, stored_as)
        path = place if place.exists() else dropped_path(workspace, name, sha256)
        # a file that names no meter is of the feeder in its first name, whatever it is called now
        key = path, sha256, point and feeder
        ids[key].append((file_id, stored_as))
        keep[key] = kept_rows(json.loads(notes or "{}"))
    paths = sorted({path for path, *_ in ids})
    inspected = list(inspect_files(paths, cpu_count() or 1, recognise=recognise))
    there = {(raw.path, raw.sha256) for raw in inspected}
    lost = [key for key in ids if key[:2] not in there]
    if lost:
        names = sorted(f"{place} (sha256 {key[1]})" for key in lost for _, place in ids[key])
        raise ReviewError(
            "These accepted files are missing or were changed; put them back and start again:\n"
            + "\n".join(f"  {name}" for name in names)
        )
    found = [raw for raw in split_files(con, inspected) if _key(raw) in ids]
    _refuse_unnamed(rows, {_key(raw) for raw in found}, ids)
    done = 0
    for batch in batches(found):
        kept = {n: keep[_key(raw)] for n, raw in enumerate(batch) if keep[_key(raw)]}
        found_again = check_files(con, batch, kept)
        _refuse_unread(found_again)
        checked = {c.number: ids[_key(c.raw)] for c in found_again}
        for rank in range(max(map(len, checked.values()))):  # withdrawn, then accepted again
            again = {n: files[rank][0] for n, files in checked.items() if len(files) > rank}
            save_rows(con, again)
        done += len(batch)
        progress("Loading archived files", done, len(found))


def _key(raw: RawFile) -> tuple[Path, str, str | None]:
    """Return what tells archived files and their parts apart."""
    return raw.path, raw.sha256, raw.feeder if raw.part and raw.part.name else None


def _refuse_unnamed(rows: list[tuple], found: set[tuple], ids: dict) -> None:
    """Raise ReviewError for what was accepted of a meter that meter-data.csv no longer names."""
    missing = {file_id for key in ids.keys() - found for file_id, _ in ids[key]}
    names = [
        f"  #{file_id} {place}: feeder {feeder}, meter {point}"
        for _, file_id, place, _, feeder, point, _ in rows
        if file_id in missing
    ]
    if names:
        raise ReviewError(
            "No row of meter-data.csv names the meter of these accepted readings any more. Put the "
            "row back (valid_to ends it) and start again:\n" + "\n".join(names)
        )


def _refuse_unread(files: list[CheckedFile]) -> None:
    """Raise ReviewError for an accepted file of which not every row can be read any more."""
    for checked in files:
        if checked.problem and checked.problem.outcome == "unreadable":
            raise ReviewError(
                f"{checked.raw.path} was accepted and cannot be read any more. "
                f"{letters.reason(checked.problem)}."
            )


def _put_aside(warehouse: Path) -> Path | None:
    """Rename a warehouse and its write-ahead log; return the new name, None if there was none."""
    kept = warehouse.with_name(f"before-rebuild-{utc_now():%Y%m%d-%H%M%S}.duckdb")
    for suffix in (".wal", ""):
        old = warehouse.with_name(warehouse.name + suffix)
        if old.exists():
            old.rename(kept.with_name(kept.name + suffix))
    return kept if kept.exists() else None


def _remove(warehouse: Path) -> None:
    """Delete what an interrupted rebuild left."""
    for suffix in (".wal", ""):
        warehouse.with_name(warehouse.name + suffix).unlink(missing_ok=True)
