"""Take a simulated sample out of a root again. Touches nothing that the sample did not write."""

from dataclasses import dataclass
from pathlib import Path

from ingest.filing import LEDGER, save_ledger_copy, sha256_of
from ingest.raw_files import find_files
from ingest.review import rebuild_warehouse
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace
from load_profile.sample import NOTE, simulated

ROWS = ("interval_reads", "file_months", "files")  # of schema raw; the ledger last


@dataclass(frozen=True)
class Removed:
    """How many files were deleted, how many of others the ledger has, whether meter-data.csv went.

    Without files of others there are no tables any more.
    """

    files: int
    others: int
    meter_data: bool


def holds_sample_and_others(workspace: Workspace) -> bool:
    """Whether a sample is in the root and files beside it, taken in or waiting to be."""
    sample = simulated(workspace.root)
    if not sample:
        return False
    if any(sha256_of(path) not in sample for path in find_files(*workspace.drop_folders)):
        return True
    if not workspace.warehouse.exists():
        return False
    with open_warehouse(workspace.warehouse, read_only=True) as con:
        others = """select count(*) from raw.files
            where outcome = 'accepted' and not list_contains($sample, sha256)"""
        return con.execute(others, {"sample": list(sample)}).fetchone() > (0,)


def remove_sample(workspace: Workspace) -> Removed:
    """Delete the sample's files, its rows in the warehouse and all that was made from them.

    If files of others are left the warehouse is rebuilt from them; else it is deleted.
    """
    sample = simulated(workspace.root)
    others = 0
    if workspace.warehouse.exists():
        with open_warehouse(workspace.warehouse) as con:
            others = _delete_rows(con, list(sample))
            save_ledger_copy(con, workspace)
    count = _delete_files(workspace, sample)
    kept = {workspace.warehouse.parent / "run.lock"}
    if others:
        before = rebuild_warehouse(workspace)
        before.unlink()
        kept.add(workspace.warehouse)
    else:
        (workspace.archive / LEDGER).unlink(missing_ok=True)
    _delete_below(workspace.warehouse.parent, kept)
    is_ours = sha256_of(workspace.meter_data) in sample
    if is_ours:
        workspace.meter_data.unlink()
    (workspace.root / NOTE).unlink(missing_ok=True)
    return Removed(count, others, is_ours)


def _delete_rows(con, hashes: list[str]) -> int:
    """Delete the rows of files with these hashes; returns how many others were accepted."""
    con.execute("begin")
    for table in ROWS:
        con.execute(
            f"""
            delete from raw.{table} where file_id in (
                select file_id from raw.files where list_contains($hashes, sha256)
            )
            """,
            {"hashes": hashes},
        )
    con.execute("commit")
    return con.execute("select count(*) from raw.files where outcome = 'accepted'").fetchone()[0]


def _delete_files(workspace: Workspace, sample: dict[str, str]) -> int:
    folders = [workspace.dropbox, *(path for path in workspace.archive.glob("*") if path.is_dir())]
    found = [p for folder in folders for p in find_files(folder) if sha256_of(p) in sample]
    for path in found:
        path.unlink()
        if path.parent == workspace.rejected:
            path.with_suffix(".txt").unlink(missing_ok=True)
    for folder in folders[1:]:
        if not any(folder.iterdir()):
            folder.rmdir()
    return len(found)


def _delete_below(folder: Path, kept: set[Path]) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path in kept:
            continue
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
