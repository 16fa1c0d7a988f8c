"""Open the pipeline's DuckDB file and keep its schema `raw`. Knows tables, not files or rules.

DuckDB holds at most MEMORY, or half of the machine's memory if that is less, and spills to the
folder `load_profile.duckdb.tmp` beside the warehouse. The environment variable LOAD_PROFILE_MEMORY
sets another limit: a size as `6GB` or a share of the machine's as `70%`.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest.closed_database import CONFIG, close_off
from ingest.layouts.interface import VALUES
from ingest.rejections import close_rejections
from ingest.sql import sql_beside
from ingest.workspace import Workspace

# A batch of the load needs less than 1 GB, however many files there are.
# A new file is written as DuckDB 1.0 and later read it: what is published is a copy of it.
CONFIG_OF_WAREHOUSE = {"storage_compatibility_version": "v1.0.0", **CONFIG}
MEMORY, MEMORY_VARIABLE = "3GB", "LOAD_PROFILE_MEMORY"
IN_USE = re.compile(r"could not set lock|used by another process", re.IGNORECASE)
DAMAGE = re.compile(
    r"corrupt database file|stored checksum|serialization error|could not read enough bytes"
    r"|not a valid duckdb database|database has been invalidated",
    re.IGNORECASE,
)

# Of a warehouse made before: raw channels were named as if they were kW and kVA.
OLD_CHANNELS = dict(zip(("kw_del", "kw_rec", "kva_del", "kva_rec"), VALUES[:4], strict=True))
SCHEMA = sql_beside(__file__, "tables/schema")
# Of a warehouse that we have made, `raw` has tables only.
RAW_VIEWS = "select 1 from duckdb_views() where schema_name = 'raw'"


def utc_now() -> datetime:
    """Return this moment in UTC, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


class WarehouseError(RuntimeError):
    """The warehouse file cannot be opened or is not ours; the message says what to do."""


@contextmanager
def open_warehouse(
    path: Path, *, read_only: bool = False, also: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection to the warehouse with UTC as session time zone and schema `raw` in place.

    It can use files below the root and in the drop folder, and below `also`. Raises WarehouseError
    when the file is in use by another process, damaged or not ours.
    """
    if read_only and not path.exists():
        raise WarehouseError(f"There is no {path} yet: `load-profile run` creates it.")
    path.parent.mkdir(parents=True, exist_ok=True)
    root = path.parent.parent
    folders = [root, *Workspace(root).drop_folders, *([also] if also else [])]
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=CONFIG_OF_WAREHOUSE)
    except (duckdb.Error, OSError) as error:
        raise WarehouseError(f"{path} cannot be opened. {_advice(str(error))}") from error
    try:
        close_off(con, folders, lambda con: _set_up(con, path))
        tables = _own_tables(con, path)
        if not read_only:
            _keep_schema(con, tables)
        yield con
    except duckdb.PermissionException as error:
        raise WarehouseError(
            f"{path} reads files outside of its root, which load-profile's own never does. Nothing "
            f"was read. `load-profile rebuild` makes a new one from data/KW. ({error})"
        ) from error
    except duckdb.Error as error:
        if advice := damage_advice(str(error)):
            raise WarehouseError(f"{path} cannot be read. {advice}") from error
        raise
    finally:
        con.close()


def migrate(path: Path) -> None:
    """Give an older warehouse what it lacks; one of today is not opened to write in it."""
    with open_warehouse(path, read_only=True) as con:
        columns = _columns(con)
    is_older = ("files", "kind") not in columns or any(
        ("interval_reads", name) in columns for name in OLD_CHANNELS
    )
    if is_older:
        with open_warehouse(path):
            pass


def _own_tables(con: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """Return the names of all tables; raise WarehouseError for a file that is not ours."""
    tables = con.execute("select schema_name || '.' || table_name from duckdb_tables()")
    names = {name for (name,) in tables.fetchall()}
    if (names and "raw.files" not in names) or con.execute(RAW_VIEWS).fetchone():
        raise WarehouseError(f"{path} was not made by load-profile. Move it elsewhere.")
    return names


def _keep_schema(con: duckdb.DuckDBPyConnection, tables: set[str]) -> None:
    """Create the tables of schema `raw`, and give an older warehouse what it lacks."""
    con.begin()
    con.execute(SCHEMA)
    columns = _columns(con)
    for old, name in OLD_CHANNELS.items():
        if ("interval_reads", old) in columns:
            con.execute(f"alter table raw.interval_reads rename column {old} to {name}")
    if tables and ("interval_reads", "position") not in columns:
        con.execute(sql_beside(__file__, "tables/added_columns"))
    if tables and ("files", "closed_by") not in columns:
        con.execute("alter table raw.files add column closed_by bigint")
        close_rejections(con)
    if tables and "raw.file_months" not in tables:
        con.execute(sql_beside(__file__, "tables/fill_file_months"))
    con.commit()


def _columns(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Return table and name of every column in schema `raw`."""
    columns = "select table_name, column_name from duckdb_columns() where schema_name = 'raw'"
    return set(con.execute(columns).fetchall())


def _set_up(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Set what holds for all connections of this process to the warehouse."""
    con.execute("set global TimeZone = 'UTC'")
    con.execute("set global preserve_insertion_order = true")
    _limit_memory(con, path)


def _limit_memory(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Limit the memory that DuckDB may hold, and name the folder that it spills to."""
    con.execute("set temp_directory = ?", [f"{path}.tmp"])
    wanted = os.environ.get(MEMORY_VARIABLE, "50%")
    try:
        con.execute("set memory_limit = ?", [wanted])
    except duckdb.Error as error:
        known = f"{MEMORY_VARIABLE} is {wanted!r}; allowed are a size as 6GB or a share as 70%."
        raise WarehouseError(f"{known} ({error})") from error
    is_more = """
    select parse_formatted_bytes(current_setting('memory_limit')) > parse_formatted_bytes(?)
    """
    if MEMORY_VARIABLE not in os.environ and con.execute(is_more, [MEMORY]).fetchone()[0]:
        con.execute("set memory_limit = ?", [MEMORY])


def damage_advice(error: str) -> str | None:
    """Return what to do if an error is that of a damaged warehouse, else None."""
    if not DAMAGE.search(error):
        return None
    return (
        "It is damaged or not a DuckDB file. `load-profile rebuild` puts it aside and makes a new "
        f"one from data/KW. ({error})"
    )


def _advice(error: str) -> str:
    """Return what a person can do about a warehouse that does not open."""
    if IN_USE.search(error):
        return f"Another program has it open; close that and start again. ({error})"
    return damage_advice(error) or f"({error})"


def named_rows(result: duckdb.DuckDBPyConnection) -> list[dict]:
    """Return the rows of a query, each with the names of its columns."""
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
