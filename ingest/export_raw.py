"""Write schema `raw` as Parquet for an engine that reads no DuckDB. Knows tables, not meaning.

    files/files-<hash>.parquet, and likewise file_months, meter_data, clock_days, decisions,
    register_reads
    interval_reads/local_month=YYYY-MM-01/reads-<hash>.parquet, by file_id, line_number and position
    _SUCCESS, the names of all these files, one a line

A hash covers all that decides a file's rows, so a file of that name is left alone. For a month of
reads these are the files with rows in it: rows of a file never change, so none has to be read. A
withdrawn file keeps its rows here as in the warehouse; `files` lists it as withdrawn.

What a reader may see: new files are written to `_new`, on disk, before any other is touched. Until
then, and after a crash until then, the earlier export is whole. Then `_SUCCESS` is removed, each
new file is renamed into its place, those that it replaces are removed, and `_SUCCESS` is rewritten.
Meanwhile, for some milliseconds or after a crash until the next export, every file is whole, but a
month may be there twice and the ledger may be older than the reads. A reader that finds the same
`_SUCCESS` before and after reading has read exactly one export.
"""

import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import duckdb

from ingest.filing import sha256_of, write_bytes
from ingest.sql import sql_beside
from ingest.warehouse import WarehouseError, migrate, open_warehouse
from ingest.workspace import Workspace

NEW, SUCCESS = "_new", "_SUCCESS"
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)  # `C:/` has one letter only
# a row group of reads has 4 MB: enough for one task, and several of a large month are made at once
PARQUET = "format parquet, compression zstd, row_group_size 250_000"
SMALL_TABLES = {
    "files": "file_id",
    "file_months": "file_id, local_month",
    "meter_data": "meter_data_row",
    "clock_days": "timezone, local_date",
    "decisions": "decision",
    "register_reads": "file_id, line_number",
}
READS = "interval_reads"
MONTH_OF_READS = """
select * from raw.interval_reads
where start_local >= $month::timestamp and start_local < $month::timestamp + interval 1 month
order by file_id, line_number, position
"""
NO_MONTH = (date(1970, 1, 1), 0, "")  # without a single row, a reader still finds the columns


class NotAFolderError(ValueError):
    """The name of the folder is an address in an object store."""


@dataclass(frozen=True)
class ExportedTable:
    """Which files of a table were written, left as they were, and removed; rows and bytes written.

    Names are below the folder of the export.
    """

    name: str
    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    row_count: int
    bytes_written: int
    seconds: float


def export_raw(workspace: Workspace, folder: str = "") -> list[ExportedTable]:
    """Bring the Parquet files below `folder` (by default warehouse/raw) up to date.

    Raises NotAFolderError for an address, WarehouseError without a warehouse or with one that does
    not hold what it lists, OSError when the folder cannot be written.
    """
    if ADDRESS.match(folder):
        raise NotAFolderError(
            f"{folder!r} is an address, and export-raw writes to a local folder. Export to one, "
            "copy it there with your own tool (aws s3 sync, azcopy, gcloud storage rsync; let it "
            "delete what is no longer here), and give the address to Spark, which reads it."
        )
    if not workspace.warehouse.exists():
        missing = f"There is no {workspace.warehouse} yet"
        raise WarehouseError(f"{missing}: `load-profile run` creates it.")
    place = Path(folder) if folder else workspace.exported_raw
    new = place / NEW
    try:
        shutil.rmtree(new, ignore_errors=True)  # of an export that was cut off
        new.mkdir(parents=True)
        migrate(workspace.warehouse)
        with open_warehouse(workspace.warehouse, read_only=True, also=place) as con:
            tables = [_export_small(con, place, name) for name in SMALL_TABLES]
            tables.append(_export_reads(con, place))
        _exchange(place, tables)
    except (OSError, duckdb.IOException) as error:
        raise OSError(f"The export to {place} cannot be written. {error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return tables


def _export_small(con: duckdb.DuckDBPyConnection, place: Path, name: str) -> ExportedTable:
    """Write a table's one file, named by its bytes; keep it only if that name is new."""
    started = perf_counter()
    made = place / NEW / f"{name}.parquet"
    rows = _copy(con, f"select * from raw.{name} order by {SMALL_TABLES[name]}", {}, made)
    file = f"{name}/{name}-{sha256_of(made)[:16]}.parquet"

    def put(path: Path) -> int:
        made.rename(path)
        return rows

    return _made(place, name, f"{name}-*.parquet", {file: put}, started)


def _export_reads(con: duckdb.DuckDBPyConnection, place: Path) -> ExportedTable:
    """Write the file of each month whose files of readings are not those of the last export."""
    started = perf_counter()
    form = con.execute(f"describe raw.{READS}").fetchall(), MONTH_OF_READS, PARQUET
    wanted = {}
    for month, rows, files in con.execute(
        sql_beside(__file__, "tables/months_of_files")
    ).fetchall() or [NO_MONTH]:
        digest = sha256(f"{form}\n{files}".encode()).hexdigest()[:16]

        def make(path: Path, month: date = month, rows: int = rows) -> int:
            found = _copy(con, MONTH_OF_READS, {"month": month}, path)
            if found != rows:
                raise WarehouseError(
                    f"Of {month:%Y-%m}, raw.file_months lists {rows:,} rows and raw.{READS} has "
                    f"{found:,}. `load-profile rebuild` rebuilds both from data/KW."
                )
            return found

        wanted[f"{READS}/local_month={month}/reads-{digest}.parquet"] = make
    return _made(place, READS, "local_month=*/reads-*.parquet", wanted, started)


def _made(
    place: Path, table: str, pattern: str, wanted: dict[str, Callable[[Path], int]], started: float
) -> ExportedTable:
    """Write the files of a table that are not in place yet, in `_new` and on disk."""
    there = {path.relative_to(place).as_posix() for path in (place / table).glob(pattern)}
    written = tuple(file for file in wanted if file not in there)
    row_count = bytes_written = 0
    for file in written:
        path = place / NEW / file
        path.parent.mkdir(parents=True, exist_ok=True)
        row_count += wanted[file](path)
        with path.open("rb+") as stream:
            os.fsync(stream.fileno())
        bytes_written += path.stat().st_size
    return ExportedTable(
        table,
        written,
        unchanged=tuple(file for file in wanted if file in there),
        removed=tuple(sorted(there - wanted.keys())),
        row_count=row_count,
        bytes_written=bytes_written,
        seconds=perf_counter() - started,
    )


def _copy(con: duckdb.DuckDBPyConnection, rows: str, values: dict, path: Path) -> int:
    """Write the rows of a query as one Parquet file; return how many there are."""
    copied = con.execute(f"copy ({rows}) to $path ({PARQUET})", values | {"path": str(path)})
    return copied.fetchone()[0]


def _exchange(place: Path, tables: list[ExportedTable]) -> None:
    """Put new files in place of those that they replace, and mark the export as complete."""
    files = sorted(file for table in tables for file in (*table.written, *table.unchanged))
    listed = "".join(f"{file}\n" for file in files).encode()
    success = place / SUCCESS
    is_changed = any(table.written or table.removed for table in tables)
    if not is_changed and success.exists() and success.read_bytes() == listed:
        return
    success.unlink(missing_ok=True)
    for table in tables:
        for file in table.written:
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / NEW / file).replace(place / file)
        for file in table.removed:
            (place / file).unlink()
            with suppress(OSError):  # not the last one of its month
                (place / file).parent.rmdir()
    write_bytes(success, listed)
