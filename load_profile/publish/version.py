"""Publish the marts, once all checks passed: warehouse/published.duckdb and, as Parquet,
warehouse/published/.

The warehouse itself is locked while a run writes in it. What people read is a file that nobody ever
writes in: a new version is built beside it and replaces it in one step, and anyone who has the old
one open keeps it. It is a copy of the warehouse's file without what is not a mart: to copy bytes
takes a fifteenth of the time that writing the tables again would.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb

from ingest.caches import notices, set_aside_damaged
from ingest.filing import write_text
from ingest.warehouse import WarehouseError, damage_advice, open_warehouse
from ingest.workspace import Workspace
from load_profile.files.writer import Outputs, OutputWriter
from load_profile.publish.as_of import has_macros
from load_profile.publish.history import COMPARED, HISTORY, note_version
from load_profile.publish.marts import Mart, as_literal
from load_profile.publish.parquet import ROWS, VERSION, ParquetMonth, parquet_months, write_parquet

HISTORY_LOST = "it is rebuilt, and what earlier versions changed is forgotten"
DAMAGED = f"was damaged: {HISTORY_LOST}"
OLDER = "was published by an earlier version of load-profile: its history begins again"
FOREIGN = "was not published by load-profile: it is replaced, and the history begins again"
TRIES, PAUSE = 10, 0.3  # to replace a file that Windows holds while it is read
SOURCES_OF_FIGURES = ("feeder_days", "system_days")  # of feeder_figures and total_figures
UNTESTED = """
select string_agg(distinct model, ', ' order by model)
from model_parts
where not is_tested and model in (select unnest(?))
"""
# Of a file without the tables that a change is judged by, this fails.
LATEST = f"""
select version, content
from before.versions
where (select count(*) from {", ".join(f"(from before.{name} limit 1)" for name in COMPARED)}) >= 0
order by version desc
limit 1
"""
IS_OURS = """
select count(*) > 0 from duckdb_tables() where database_name = 'before' and table_name = 'versions'
"""
TABLES_AND_VIEWS = """
select 'table', schema_name, table_name from duckdb_tables() where database_name = 'published'
union all
select 'view', schema_name, view_name from duckdb_views()
where database_name = 'published' and not internal
"""


@dataclass(frozen=True)
class Publication:
    """The version there is now, the hash of its content, and which files were written.

    `is_in_place` is False when a program holds the older file open so that it cannot be replaced;
    the version then waits beside it for the next run.
    """

    version: str
    content: str
    is_in_place: bool
    outputs: Outputs


def publish(workspace: Workspace, marts: list[Mart]) -> Publication:
    """Bring both published forms up to date; write a version only if a value of any mart changed.

    Raises WarehouseError when a mart was rebuilt and its checks have not passed since.
    """
    folder = workspace.warehouse.parent
    writer = OutputWriter(folder, "published")
    place, waiting = workspace.published, workspace.published_next
    _clear(workspace)
    checkpoint(workspace.warehouse)
    # to copy a gigabyte takes two seconds, most of them spent waiting for the disk
    with (
        ThreadPoolExecutor(1) as copier,
        open_warehouse(workspace.warehouse, read_only=True) as con,
    ):
        _check_tested(con, marts)
        months = [month for mart in marts for month in parquet_months(con, mart)]
        changed = _changed(writer, months)
        copy = copier.submit(_copy, workspace) if changed else None
        files = write_parquet(con, folder, writer, months, changed)
        content = _content_of(files)
        latest = waiting if waiting.exists() else place
        with _before(con, latest) as before:
            is_kept = (latest == waiting or writer.is_as_left(place.name)) and bool(before)
            is_kept = is_kept and before[1] == content and has_macros(con, "before")
            if is_kept:
                version = before[0]
                if copy:
                    copy.result().unlink()
            else:
                warehouse = copy.result() if copy else _copy(workspace)
                version = _write_version(con, workspace, warehouse, marts, content, bool(before))
    if waiting.exists():
        _put_in_place(waiting, place, TRIES)
    latest = waiting if waiting.exists() else place
    writer.note(place.name, latest, is_written=not is_kept)
    text = {"version": version, "content": content, "files": files}
    write_text(folder / VERSION, json.dumps(text, indent=1, sort_keys=True) + "\n")
    writer.note(VERSION, folder / VERSION, is_written=not is_kept)
    return Publication(version, content, latest == place, writer.finish())


def _clear(workspace: Workspace) -> None:
    """Remove what a run that was killed left, and put a version that waits in its place."""
    place, waiting = workspace.published, workspace.published_next
    for left in place.parent.glob(f"{ROWS}*"):
        shutil.rmtree(left, ignore_errors=True)
    for folder in filter(Path.is_dir, (place, waiting)):
        set_aside_damaged(folder, HISTORY_LOST)
    if waiting.exists():
        _put_in_place(waiting, place, tries=1)


def _changed(writer: OutputWriter, months: list[ParquetMonth]) -> set[str]:
    """Return the names of the Parquet files whose fingerprint changed."""
    return {
        name
        for month in months
        for name, fingerprint in month.fingerprints.items()
        if writer.changed(name, {"rows": fingerprint})
    }


def _content_of(files: Mapping[str, str]) -> str:
    """Return the sha256 of the list of files as `sha256sum` would print it."""
    listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return sha256(listed.encode()).hexdigest()


def checkpoint(warehouse: Path) -> None:
    """Write into the file what a process that was cut off left beside it."""
    if warehouse.with_name(f"{warehouse.name}.wal").exists():
        with open_warehouse(warehouse) as con:
            con.execute("checkpoint")


def _check_tested(con: duckdb.DuckDBPyConnection, marts: list[Mart]) -> None:
    (models,) = con.execute(
        UNTESTED, [[*(mart.name for mart in marts), *SOURCES_OF_FIGURES]]
    ).fetchone()
    if models:
        raise WarehouseError(
            f"Nothing was published: {models} changed, and not all checks have passed since. "
            "`load-profile run` rebuilds all of them."
        )


@contextmanager
def _before(con: duckdb.DuckDBPyConnection, path: Path) -> Iterator[tuple[str, str] | None]:
    """Attach the latest version as `before`; yield its name and content, None if there is none."""
    copy = path.with_name("published.before.duckdb")
    found = _latest(con, path, copy) if path.exists() else None
    if isinstance(found, str):
        notices.warning("%s %s.", path, found)
        found = None
    try:
        yield found
    finally:
        con.execute("detach database if exists before")
        copy.unlink(missing_ok=True)


def _latest(con: duckdb.DuckDBPyConnection, path: Path, copy: Path) -> tuple[str, str] | str:
    """Attach a published file, or a copy if need be; return name and content, or what is wrong."""
    for file in (path, copy):
        try:
            con.execute("detach database if exists before")  # of the first try
            con.execute(f"attach {as_literal(file)} as before (read_only)")
            return con.execute(LATEST).fetchone() or DAMAGED
        except (duckdb.CatalogException, duckdb.BinderException, duckdb.PermissionException):
            return OLDER if con.execute(IS_OURS).fetchone()[0] else FOREIGN
        except duckdb.Error as error:
            if damage_advice(str(error)):
                break
            if not isinstance(error, duckdb.IOException):
                raise
            # somebody has opened it to write in it, and holds its lock
            shutil.copyfile(path, copy)
    return DAMAGED


def _write_version(
    con: duckdb.DuckDBPyConnection,
    workspace: Workspace,
    copy: Path,
    marts: list[Mart],
    content: str,
    has_before: bool,
) -> str:
    """Turn a copy of the warehouse into a new version, synced to disk, beside the published one."""
    con.execute(f"attach {as_literal(copy)} as published (read_write)")
    try:
        names = {mart.name for mart in marts} | {*COMPARED, *HISTORY}
        con.execute("create table published.clock_days as from raw.clock_days")
        for kind, schema, name in con.execute(TABLES_AND_VIEWS).fetchall():
            if kind == "view" or schema != "main" or name not in names:
                con.execute(f"drop {kind} published.{schema}.{name}")
            if kind == "view" and name in names:
                con.execute(f"create table published.{name} as from {name}")
        con.execute("drop schema published.raw")
        for mart in marts:
            _explain(con, mart)
        version = _note_version(con, workspace, content, has_before=has_before)
    finally:
        con.execute("detach published")
    _sync(copy)
    if os.name == "posix":
        copy.chmod(0o444)  # opened to write in it, it would be locked for all others
    copy.replace(workspace.published_next)
    return version


def _note_version(
    con: duckdb.DuckDBPyConnection, workspace: Workspace, content: str, *, has_before: bool
) -> str:
    """Write the history of a new version; without what came before if that cannot be read."""
    try:
        return note_version(con, content, has_before=has_before)
    except duckdb.Error:
        if not has_before or _is_whole(con, "before"):
            raise
    notices.warning("%s %s.", workspace.published, DAMAGED)
    return note_version(con, content, has_before=False)


def _is_whole(con: duckdb.DuckDBPyConnection, catalog: str) -> bool:
    """Whether every table of an attached file can be read."""
    try:
        names = con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = ?", [catalog]
        ).fetchall()
        for schema, name in names:
            con.execute(f"select bit_xor(hash(t)) from {catalog}.{schema}.{name} as t")
    except duckdb.Error:
        return False
    return True


def _explain(con: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    """Drop internal columns, and describe the table and its other columns."""
    table = f"published.main.{mart.name}"
    for name in mart.hidden:
        con.execute(f"alter table {table} drop column {name}")
    con.execute(f"comment on table {table} is {as_literal(mart.description)}")
    for name, meaning in mart.columns.items():
        con.execute(f"comment on column {table}.{name} is {as_literal(meaning)}")


def _copy(workspace: Workspace) -> Path:
    target = workspace.published.with_name("published.tmp.duckdb")
    for left in (target, target.with_name(f"{target.name}.wal")):
        left.unlink(missing_ok=True)
    shutil.copyfile(workspace.warehouse, target)
    _sync(target)
    return target


def _sync(path: Path) -> None:
    """Wait until a file, or on POSIX a folder's list of files, is on disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _put_in_place(new: Path, place: Path, tries: int) -> None:
    """Replace the old file by the new one; if it is held open, leave both."""
    for _ in range(tries):
        try:
            # a WAL left beside the old file would make the new one unreadable
            place.with_name(f"{place.name}.wal").unlink(missing_ok=True)
            new.replace(place)
            break
        except PermissionError:  # Windows, while it is being read
            time.sleep(PAUSE)
    if os.name == "posix":
        _sync(place.parent)
