"""Drop files into a root, load them, and see what became of them: no dbt, no command."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import raw_exports

from ingest import load_files as loading
from ingest.load_files import LoadSummary, load_files, save_meter_data
from ingest.meter_data import read_meter_data
from ingest.precedence import in_order
from ingest.raw_files import find_files, inspect_files
from ingest.warehouse import open_warehouse
from ingest.workspace import Workspace

NOON = datetime(2024, 7, 12, 11)
METERS = "sta,meter,multiplier\nnorth,1,28800\nSouth,2,14400\ngeneral,3,1\n"
GOOD = "data/KW/2024-07"
ERROR = "data/KW/ERROR"


def row(number: int, values: str = "1,2,3,4") -> str:
    start = NOON + timedelta(minutes=15 * number)
    return raw_exports.row(number, start, start + timedelta(minutes=15), values, pad=" ")


def export(numbers: Iterable[int], values: str = "1,2,3,4") -> bytes:
    lines = [*(row(n, values) for n in numbers), ""]
    preamble = ("Load Profile Data Display", "")
    return raw_exports.export(lines, *preamble, line_end="\r\n").encode()


BAD = export([0]).replace(b"1,2,3,4", b"1,?,3,4")


@cache
def warehouse_with(meters: str) -> bytes:
    """A new warehouse in which this meter-data.csv is saved: the days of a clock take a while."""
    with TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        workspace.prepare()
        workspace.meter_data.write_text(meters)
        save_meter_data(workspace, read_meter_data(workspace.meter_data))
        return workspace.warehouse.read_bytes()


def prepare(root: Path, meters: str = METERS) -> Workspace:
    """A root, new or not, whose meter-data.csv is this and saved."""
    workspace = Workspace(root)
    workspace.prepare()
    workspace.meter_data.write_text(meters)
    if workspace.warehouse.exists():
        save_meter_data(workspace, read_meter_data(workspace.meter_data))
    else:
        workspace.warehouse.write_bytes(warehouse_with(meters))
    return workspace


def drop(workspace: Workspace, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (workspace.dropbox / name).write_bytes(data)


def take_in(workspace: Workspace, files: dict[str, bytes]) -> LoadSummary:
    drop(workspace, files)
    return load_files(workspace)


def query(workspace: Workspace, sql: str) -> list[tuple]:
    with open_warehouse(workspace.warehouse) as con:
        return con.execute(sql).fetchall()


def outcomes(workspace: Workspace) -> dict[str, str]:
    return dict(query(workspace, "select file_name, outcome from raw.files"))


def files_in(workspace: Workspace, folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (workspace.root / folder).iterdir()}


def all_hashes(workspace: Workspace) -> set[str]:
    folder = workspace.archive
    return {sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def closings(space: Workspace) -> list[tuple]:
    return query(space, "select file_id, closed_by from raw.files order by 1")


def commit_without_moving(space: Workspace, files: dict[str, bytes]) -> None:
    """What a run leaves that dies between its commit and its moves."""
    drop(space, files)
    with open_warehouse(space.warehouse) as con:
        found = list(inspect_files(find_files(space.dropbox), 1))
        loading._load_batch(con, space, *in_order(found), set())
