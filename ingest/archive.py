"""Compare the archive with the ledger: every accepted file is there, its copy is sound."""

from datetime import UTC, datetime

import duckdb

from ingest.caches import notices, set_aside_damaged
from ingest.filing import BYTES_LOST, LEDGER, recorded_place, save_ledger_copy, sha256_of
from ingest.warehouse import WarehouseError, open_warehouse
from ingest.workspace import Workspace

MOST_NAMED = 5
ACCEPTED = """
select file_id, stored_as, size_bytes, sha256, filed_at
from raw.files
where outcome = 'accepted' and filed_at is not null and reason is distinct from ?
    and file_id not in (select release_of from raw.files where outcome = 'withdrawn')
order by file_id
"""
READ_ALL = "select bit_xor(hash(copy)) from read_parquet(?, hive_partitioning = false) as copy"
UNKNOWN = """
select count(*) from read_parquet(?, hive_partitioning = false) as copy
where not exists (
    from raw.files where files.file_id = copy.file_id and files.sha256 = copy.sha256
)
"""


def check_ledger(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """Raise WarehouseError when the archive knows files that the warehouse does not.

    A warehouse that was deleted or restored from an old copy would otherwise silently publish
    profiles without what was accepted since. A copy that cannot be read is rewritten, if the
    warehouse lists every file of the archive.
    """
    copy = workspace.archive / LEDGER
    if not copy.exists():
        return
    try:
        con.execute(READ_ALL, [str(copy)])  # a damaged column is found here
        (unknown,) = con.execute(UNKNOWN, [str(copy)]).fetchone()
    except duckdb.Error as error:
        unknown = _unknown_files(con, workspace)
        if unknown:
            raise WarehouseError(
                f"{copy} is damaged ({_first_line(error)}), and {workspace.warehouse} lacks "
                f"{len(unknown)} files of the archive ({_some(unknown)}): it was deleted or is an "
                f"old copy. Restore one of the two. {_from_files_alone(workspace)}"
            ) from error
        set_aside_damaged(copy, "it is rewritten from the warehouse")
        save_ledger_copy(con, workspace)
        return
    if unknown:
        raise WarehouseError(
            f"{unknown} files of {workspace.archive} are not in {workspace.warehouse}: it was "
            "deleted or is an old copy. `load-profile rebuild` rebuilds it from data/KW."
        )


def ensure_ledger(workspace: Workspace) -> None:
    """Make sure that the ledger's copy can be read, from a whole warehouse if need be.

    Raises WarehouseError when neither holds the ledger.
    """
    copy = workspace.archive / LEDGER
    try:
        with duckdb.connect() as con:
            con.execute(READ_ALL, [str(copy)])
        return
    except duckdb.Error as error:
        state = f"damaged ({_first_line(error)})" if copy.exists() else "missing"
    if workspace.warehouse.exists():
        try:
            with open_warehouse(workspace.warehouse) as con:
                check_ledger(con, workspace)
                if not copy.exists():
                    save_ledger_copy(con, workspace)
                    notices.warning("%s was missing: rewritten from the warehouse.", copy)
            return
        except WarehouseError as error:
            state += f". {error}"
    raise WarehouseError(
        f"{copy}, which holds the order in which files were accepted, is {state}. Restore it. "
        f"{_from_files_alone(workspace)}"
    )


def archive_problems(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> list[str]:
    """Return a sentence for every accepted file that is gone from data/KW or was changed.

    Compares sizes and times; only a file written after it was filed is read.
    """
    found = []
    for file_id, stored_as, size, sha256, filed_at in con.execute(
        ACCEPTED, [BYTES_LOST]
    ).fetchall():
        place = recorded_place(workspace, stored_as)
        try:
            stat = place.stat()
        except OSError:
            what = "is gone"
        else:
            is_newer = datetime.fromtimestamp(stat.st_mtime, UTC).replace(tzinfo=None) > filed_at
            if stat.st_size == size and not (is_newer and sha256_of(place) != sha256):
                continue
            what = "is not the file that was accepted"
        found.append(
            f"{place}, file #{file_id}, {what}. Its rows still count, and a rebuild will need it. "
            f"Put the original back (sha256 {sha256}), or take it out of use: `load-profile "
            f"withdraw '#{file_id}' --reason ...`."
        )
    return found


def _unknown_files(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> list[str]:
    """Return places of the archive that the ledger does not list."""
    known = {place for (place,) in con.execute("select stored_as from raw.files").fetchall()}
    there = (path.relative_to(workspace.root).as_posix() for path in workspace.archived_files())
    return sorted(place for place in there if place not in known)


def _from_files_alone(workspace: Workspace) -> str:
    """Return what the archived files alone can restore, and what they cannot."""
    return (
        f"Without either, {len(workspace.archived_files())} archived files are left in "
        f"{workspace.archive}. To take them in again: move the folder {workspace.warehouse.parent} "
        f"and {LEDGER} elsewhere, copy the files of data/KW/20* to {workspace.dropbox}, and run. "
        "What that cannot bring back: which of two files counts where they differ (the one that "
        "ends later will), which files were released after review (they will be rejected) and "
        f"which were withdrawn (they will count). {workspace.logs / 'dropbox.log'} lists all three."
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", ..." if len(names) > MOST_NAMED else "")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
