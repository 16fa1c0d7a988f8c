"""Open the pipeline's DuckDB file and keep its schema `raw`. Knows tables, not files or rules.

DuckDB holds at most MEMORY, or half of the machine's memory if that is less, and goes on in the
folder `load_profile.duckdb.tmp` beside the warehouse when that is full. The environment variable
LOAD_PROFILE_MEMORY sets another limit: a size as `6GB` or a share of the machine's as `70%`.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ingest.closed_database import CONFIG, close_off
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

SCHEMA = """
create schema if not exists raw;
-- one row per file that arrived, whatever became of it
create table if not exists raw.files (
    file_id bigint not null,
    file_name varchar not null,
    feeder varchar,
    sha256 varchar not null,
    size_bytes bigint not null,
    outcome varchar not null,
    reason varchar,
    bad_line bigint,
    bad_record bigint,
    header_line bigint,
    row_count bigint not null,
    first_start_local timestamp,
    last_end_local timestamp,
    stored_as varchar not null,
    letter varchar,
    accepted_seq bigint,
    duplicate_of bigint,
    release_of bigint,
    release_reason varchar,
    processed_at timestamp not null,
    filed_at timestamp,
    precedence varchar,
    closed_by bigint,
    problem_code varchar
);
-- for a warehouse made before files that arrive together were compared
alter table raw.files add column if not exists precedence varchar;
-- one row per data row of an accepted file, as delivered
create table if not exists raw.interval_reads (
    file_id bigint not null,
    line_number bigint not null,
    record_no bigint,
    event_type varchar,
    start_local timestamp not null,
    end_local timestamp not null,
    kw_del decimal(18, 6),
    kw_rec decimal(18, 6),
    kva_del decimal(18, 6),
    kva_rec decimal(18, 6),
    -- the four of them with all their digits, where one has more than six decimals
    long_values decimal(38, 18)[]
);
-- one row per accepted file and calendar month of its rows
create table if not exists raw.file_months (
    file_id bigint not null,
    local_month date not null,
    row_count bigint not null,
    min_start_local timestamp not null,
    max_end_local timestamp not null
);
-- one row per row of meter-data.csv
create table if not exists raw.meter_data (
    meter_data_row bigint not null,
    feeder varchar not null,
    meter varchar not null,
    multiplier decimal(15, 6) not null,
    channel_unit varchar not null,
    interval_minutes bigint not null,
    timezone varchar not null,
    valid_from timestamp,
    valid_to timestamp,
    total_factor decimal(9, 6) not null,
    rating_mva decimal(15, 6)
);
-- one row per time zone in use and calendar day
create table if not exists raw.clock_days (
    timezone varchar not null,
    local_date date not null,
    utc_offset_minutes bigint not null,
    change_at_local timestamp,
    new_utc_offset_minutes bigint
);
"""
# For a warehouse made before there was raw.file_months.
# A rejection is closed by the first later file that was accepted in its place: the same bytes, its
# release, or a file of the same feeder with its name or over its span; else by the same bytes
# rejected again.
CLOSE = """
update raw.files
set closed_by = found.closed_by
from (
    with
    waiting as (
        select
            *,
            least(first_start_local, last_end_local) as from_local,
            greatest(first_start_local, last_end_local) as to_local
        from raw.files
        where letter is not null and closed_by is null
    ),

    later as (
        select *, outcome = 'accepted' as is_accepted
        from raw.files
        where file_id >= $first_id and (outcome = 'accepted' or letter is not null)
    ),

    candidates as (
        select waiting.file_id, later.file_id as later_id, later.is_accepted
        from waiting
        inner join later on waiting.sha256 = later.sha256
        where later.file_id > waiting.file_id
            and (later.feeder = waiting.feeder or later.file_id in (select unnest($renamed)))
        union all
        select waiting.file_id, later.file_id, true
        from waiting
        inner join later on waiting.feeder = later.feeder
        where later.file_id > waiting.file_id and later.is_accepted
            and (
                lower(later.file_name) = lower(waiting.file_name)
                or (
                    later.first_start_local <= waiting.from_local
                    and later.last_end_local >= waiting.to_local
                )
            )
    )

    select
        file_id,
        coalesce(min(later_id) filter (is_accepted), min(later_id)) as closed_by
    from candidates
    group by file_id
) as found
where files.file_id = found.file_id
"""
# The same bytes under another feeder's name are a file that was renamed, unless they are the zeros
# of another meter that stands by.
RENAMED = """
select distinct later.file_id
from raw.files as later
inner join raw.files as waiting on later.sha256 = waiting.sha256
where later.file_id >= ? and later.file_id > waiting.file_id
    and later.outcome = 'accepted' and later.feeder <> waiting.feeder
    and waiting.letter is not null and waiting.closed_by is null
"""
WITH_LOAD = """
select distinct file_id
from raw.interval_reads
where file_id in (select unnest(?)) and (kw_del <> 0 or kw_rec <> 0)
"""
FILL_FILE_MONTHS = """
insert into raw.file_months
select
    file_id, date_trunc('month', start_local)::date as local_month,
    count(*), min(start_local), max(greatest(end_local, start_local + interval 1 minute))
from raw.interval_reads
group by file_id, local_month
order by file_id, local_month
"""
# Of a warehouse that we have made, `raw` has tables only.
RAW_VIEWS = "select 1 from duckdb_views() where schema_name = 'raw'"


def utc_now() -> datetime:
    """This moment in UTC, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


def close_rejections(con: duckdb.DuckDBPyConnection, first_id: int = 0) -> None:
    """Close the rejections that files from `first_id` on have settled."""
    renamed = [file_id for (file_id,) in con.execute(RENAMED, [first_id]).fetchall()]
    if renamed:
        renamed = [file_id for (file_id,) in con.execute(WITH_LOAD, [renamed]).fetchall()]
    con.execute(CLOSE, {"first_id": first_id, "renamed": renamed})


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
        raise WarehouseError(f"There is no {path} yet: `load-profile run` makes it.")
    path.parent.mkdir(parents=True, exist_ok=True)
    root = path.parent.parent
    folders = [root, Workspace(root).dropbox, *([also] if also else [])]
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=CONFIG_OF_WAREHOUSE)
    except (duckdb.Error, OSError) as error:
        raise WarehouseError(f"{path} cannot be opened. {_advice(str(error))}") from error
    try:
        close_off(con, folders, lambda con: _set_up(con, path))
        tables = con.execute("select schema_name || '.' || table_name from duckdb_tables()")
        names = {name for (name,) in tables.fetchall()}
        if (names and "raw.files" not in names) or con.execute(RAW_VIEWS).fetchone():
            raise WarehouseError(f"{path} was not made by load-profile. Move it elsewhere.")
        if not read_only:
            con.begin()
            con.execute(SCHEMA)
            if names and not _has_column(con, "files", "closed_by"):
                con.execute("alter table raw.files add column closed_by bigint")
                close_rejections(con)
            con.execute("alter table raw.files add column if not exists problem_code varchar")
            if names and "raw.file_months" not in names:
                con.execute(FILL_FILE_MONTHS)
            con.commit()
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


def _has_column(con: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    """Whether a table of schema `raw` has a column of that name."""
    columns = con.execute(
        "select column_name from duckdb_columns() where schema_name = 'raw' and table_name = ?",
        [table],
    )
    return (column,) in columns.fetchall()


def _set_up(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Make the settings that all connections of this process to the warehouse have."""
    con.execute("set global TimeZone = 'UTC'")
    con.execute("set global preserve_insertion_order = true")
    _limit_memory(con, path)


def _limit_memory(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Say how much memory DuckDB may hold, and where it puts what is more."""
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
    """What to do if an error, met on opening or in a query, is that of a damaged warehouse."""
    if not DAMAGE.search(error):
        return None
    return (
        "It is damaged or no DuckDB file. `load-profile rebuild` puts it aside and makes a new one "
        f"from data/KW. ({error})"
    )


def _advice(error: str) -> str:
    """What a person can do about a warehouse that does not open."""
    if IN_USE.search(error):
        return f"Another program has it open; close that and start again. ({error})"
    return damage_advice(error) or f"({error})"
