"""Report what a published version changed, and why. Knows the marts and the history beside them.

A version is compared with the one before when it is published: the rows of the months that were
rebuilt since, as they are published and as they are now (`changes.sql`, where causes are decided).
`version_months` and `version_intervals` keep the result with the version; the terminal, the report
and `load-profile diff` read these two. A run that failed published nothing and is in neither.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ingest.closed_database import CONFIG, close_off
from ingest.sql import sql_beside
from ingest.warehouse import WarehouseError, named_rows, utc_now
from ingest.workspace import Workspace
from load_profile.publish.as_of import KEPT, VERSION_AS_OF, add_tables, is_alike, keep_replaced

HISTORY = ("versions", "version_months", "version_intervals", *KEPT)
# What a change is judged by, besides the marts.
COMPARED = ("model_parts", "stg_meter_data", "clock_days")
# What is kept is bounded: whole versions of each table, the latest first, up to so many rows.
MOST_ROWS = {"versions": 2_000} | dict.fromkeys(HISTORY[1:], 200_000)
MOST_INTERVALS = 50_000  # of one version; `versions` has how many there were
COPY_HISTORY = """
insert into published.{table} by name
from before.{table}
where version in (
    select version
    from (
        select version, sum(count(*)) over (order by version desc) as so_far
        from before.{table}
        group by version
    )
    where so_far <= ?
)
"""
SPAN = """
select coalesce(min(month_start_at), '-infinity'),
    coalesce(max(month_start_at) + interval 1 month, '-infinity')
from dirty_months
"""
CHANGED = "select count(*) from changes where is_listed(is_changed, cause, feeder, was_there)"
HAS_COLUMNS = """
select count(*) from duckdb_columns()
where table_name || '.' || column_name in (select unnest(?::varchar[]))
"""
VERSIONS = "select version, content from versions order by version"
NAME = "%Y%m%d-%H%M%S"  # of a version: when it was published, UTC
DATE = re.compile(r"\d{4}-\d\d-\d\d")  # begins a moment; the name of a version has no such dash


def note_version(con: duckdb.DuckDBPyConnection, content: str, *, has_before: bool) -> str:
    """Write the history of a new version into the catalog `published`; return the version's name.

    The connection's own tables are the new version's; `before` holds the version before, if any.
    """
    con.execute(_sql("history_tables"))
    con.execute(_sql("macros"))
    add_tables(con)
    at, changed, replaced = _time_of_publishing(con, has_before), 0, 0
    version = f"{at:{NAME}}"
    if has_before:
        for table, most in MOST_ROWS.items():
            # rows of other columns than today's give no version back; `versions` gained one
            if table == "versions" or is_alike(con, table):
                con.execute(COPY_HISTORY.format(table=table), [most])
        con.execute(_sql("dirty_months"))
        first, until = con.execute(SPAN).fetchone()
        con.execute(_sql("changes"), {"first": first, "until": until})
        con.execute(_sql("version_months"), {"version": version})
        con.execute(_sql("version_intervals"), {"version": version, "most": MOST_INTERVALS})
        (changed,) = con.execute(CHANGED).fetchone()
        replaced = keep_replaced(con, version, first, until)
    con.execute(
        "insert into published.versions select ?, ?, ?, count(*), ?, ? from feeder_profiles",
        [version, at, content, changed, replaced],
    )
    return version


def _time_of_publishing(con: duckdb.DuckDBPyConnection, has_before: bool) -> datetime:
    """This moment, or the second after that of the version before if that is later."""
    now = utc_now()
    if not has_before:
        return now
    (last,) = con.execute("select max(published_at) from before.versions").fetchone()
    return max(now, last.replace(microsecond=0) + timedelta(seconds=1))


def _sql(name: str) -> str:
    return sql_beside(__file__, name)


class UnknownVersionError(ValueError):
    """No published version has such a name or was there then; the message lists what there is."""


@dataclass(frozen=True)
class Difference:
    """What changed from one version to a later one; rows as in months_between.sql and its like.

    `intervals_not_kept` is how many changed intervals are no longer listed.
    """

    earlier: tuple[str, str]
    later: tuple[str, str]
    months: Sequence[dict]
    intervals: Sequence[dict]
    intervals_not_kept: int


def difference(path: Path, earlier: str | None, later: str | None) -> Difference:
    """Compare two versions of a published file, by default the latest and the one before.

    Each is a date, or the name of a version as in `find_version`.
    """
    with published_file(path) as con:
        con.execute(_sql("macros"))
        known = con.execute(VERSIONS).fetchall()
        last = find_version(con, later) if later else known[-1]
        before = known[max(known.index(last) - 1, 0)]
        first = find_version(con, earlier) if earlier else before
        first, last = sorted((first, last))
        span = {"earlier": first[0], "later": last[0]}
        return Difference(
            first,
            last,
            named_rows(con.execute(_sql("months_between"), span)),
            named_rows(con.execute(_sql("intervals_between"), span)),
            con.execute(_sql("not_kept"), span).fetchone()[0] or 0,
        )


def restated_months(workspace: Workspace, started: datetime) -> tuple[list[str], list[tuple]]:
    """What versions published since a moment (UTC, naive) changed in published figures.

    Names of columns and rows, as in restated.sql; none if there is no published file.
    """
    waiting = workspace.published_next
    path = waiting if waiting.exists() else workspace.published
    if not path.exists():
        return [], []
    with published_file(path) as con:
        found = con.execute(_sql("restated"), {"started": started})
        return [column[0] for column in found.description], found.fetchall()


@contextmanager
def published_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a published file to read it, as data. Raises WarehouseError if that cannot be."""
    try:
        with duckdb.connect(str(path), read_only=True, config=CONFIG) as con:
            close_off(con, [])
            yield con
    except duckdb.Error as error:
        raise WarehouseError(
            f"{path} cannot be read. It is a copy: delete it, and `load-profile run` rebuilds it, "
            f"without what earlier versions changed. ({error})"
        ) from error


def check_columns(
    con: duckdb.DuckDBPyConnection, published: Path, what: str, *columns: str
) -> None:
    """Raise WarehouseError where a published file lacks a table or view's column: `table.column`.

    An earlier version of the program has published it; `what` names what is not there.
    """
    (count,) = con.execute(HAS_COLUMNS, [columns]).fetchone()
    if count < len(columns):
        raise WarehouseError(
            f"{published} is of an earlier version of load-profile and has no {what}; "
            "`load-profile run` publishes them."
        )


def find_version(con: duckdb.DuckDBPyConnection, text: str) -> tuple[str, str]:
    """Return name and content of a version of a published file.

    `text` is a date or a moment (UTC), of which the version published last by then is meant, or a
    name, cut short or not, with which only one version begins. Raises UnknownVersionError.
    """
    known = con.execute(VERSIONS).fetchall()
    if DATE.match(text):
        con.execute(VERSION_AS_OF.format(macro="temp macro "))
        try:
            (text,) = con.execute("select version_as_of(?)", [text]).fetchone()
        except duckdb.InvalidInputException as error:
            raise UnknownVersionError(error_text(error)) from error
    found = [version for version in known if version[0].startswith(text)]
    if len(found) == 1:
        return found[0]
    names = "\n".join(f"  {name}  content {content[:16]}" for name, content in known[-20:])
    which = "Several versions begin" if found else "No version begins"
    raise UnknownVersionError(f"{which} with {text!r}. The latest versions are\n{names}")


def error_text(error: duckdb.Error) -> str:
    """Return the text that a macro of a published file raised."""
    return str(error).partition("Error: ")[2].strip()
