"""Report what a published version changed, and why. Knows the marts and the history beside them.

A version is compared with the one before when it is published: the rows of the months that were
rebuilt since, as they are published and as they are now (`changes.sql`, where causes are decided).
`version_months` and `version_intervals` keep the result with the version; the terminal, the report
and `load-profile diff` read these two. A run that failed published nothing and is in neither.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ingest.closed_database import CONFIG, close_off
from ingest.sql import sql_beside
from ingest.warehouse import WarehouseError, utc_now
from ingest.workspace import Workspace

HISTORY = ("versions", "version_months", "version_intervals")
# What a change is judged by, besides the marts.
COMPARED = ("model_parts", "stg_meter_data", "clock_days")
# What is kept is bounded: whole versions of each table, the latest first, up to so many rows.
MOST_ROWS = {"versions": 2_000, "version_months": 200_000, "version_intervals": 200_000}
MOST_INTERVALS = 50_000  # of one version; `versions` has how many there were
COPY_HISTORY = """
insert into published.{table}
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
VERSIONS = "select version, content from versions order by version"
NAME = "%Y%m%d-%H%M%S"  # of a version: when it was published, UTC


def note_version(con: duckdb.DuckDBPyConnection, content: str, *, has_before: bool) -> str:
    """Write the history of a new version into the catalog `published`; return the version's name.

    The connection's own tables are the new version's; `before` holds the version before, if any.
    """
    con.execute(_sql("history_tables"))
    con.execute(_sql("macros"))
    at, changed = _time_of_publishing(con, has_before), 0
    version = f"{at:{NAME}}"
    if has_before:
        for table, most in MOST_ROWS.items():
            con.execute(COPY_HISTORY.format(table=table), [most])
        con.execute(_sql("dirty_months"))
        first, until = con.execute(SPAN).fetchone()
        con.execute(_sql("changes"), {"first": first, "until": until})
        con.execute(_sql("version_months"), {"version": version})
        con.execute(_sql("version_intervals"), {"version": version, "most": MOST_INTERVALS})
        (changed,) = con.execute(CHANGED).fetchone()
    con.execute(
        "insert into published.versions select ?, ?, ?, count(*), ? from feeder_profiles",
        [version, at, content, changed],
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
    """No published version has such a name; the message lists those there are."""


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

    Names may be cut short as long as only one version begins so. Raises UnknownVersionError.
    """
    with _published(path) as con:
        con.execute(_sql("macros"))
        known = con.execute(VERSIONS).fetchall()
        last = _find(known, later) if later else known[-1]
        before = known[max(known.index(last) - 1, 0)]
        first = _find(known, earlier) if earlier else before
        first, last = sorted((first, last))
        span = {"earlier": first[0], "later": last[0]}
        return Difference(
            first,
            last,
            _rows(con.execute(_sql("months_between"), span)),
            _rows(con.execute(_sql("intervals_between"), span)),
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
    with _published(path) as con:
        found = con.execute(_sql("restated"), {"started": started})
        return [column[0] for column in found.description], found.fetchall()


@contextmanager
def _published(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(str(path), read_only=True, config=CONFIG) as con:
            close_off(con, [])
            yield con
    except duckdb.Error as error:
        raise WarehouseError(
            f"{path} cannot be read. It is a copy: delete it, and `load-profile run` rebuilds it, "
            f"without what earlier versions changed. ({error})"
        ) from error


def _find(known: list[tuple[str, str]], text: str) -> tuple[str, str]:
    found = [version for version in known if version[0].startswith(text)]
    if len(found) == 1:
        return found[0]
    names = "\n".join(f"  {name}  content {content[:16]}" for name, content in known[-20:])
    which = "Several versions begin" if found else "No version begins"
    raise UnknownVersionError(f"{which} with {text!r}. The latest versions are\n{names}")


def _rows(result: duckdb.DuckDBPyConnection) -> list[dict]:
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
