"""Read the profiles of an earlier version from a published file. Knows its macros, see as_of.py."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest.warehouse import named_rows
from load_profile.files.cells import csv_header, line
from load_profile.files.columns import PROFILE, REACTIVE, REACTIVE_TOTAL, TOTAL
from load_profile.publish.as_of import has_macros
from load_profile.publish.history import (
    UnknownVersionError,
    error_text,
    find_version,
    published_file,
)

ROWS_AT_ONCE = 10_000
# as the columns before each total of lp/all.csv
TOTAL_COLUMNS = {"Start Time": PROFILE["Start Time"]} | TOTAL
FEEDERS = """
select distinct feeder from feeder_profiles
union
select distinct feeder from earlier_readings
order by feeder
"""
READINGS = "feeder_profiles_as_of($version, of_feeder := $feeder)"
TOTALS = "combined_profiles_as_of($version)"
SUMMARY = f"""
select
    feeder,
    count(*) as row_count,
    min(interval_start_at) as first_start_at,
    max(interval_start_at) as last_start_at,
    count(mw_net) as known_count,
    sum(mw_net * actual_seconds)::double / 3600 as net_mwh,
    (max(mw_net) filter (can_be_peak))::double as peak_mw
from {READINGS}
group by feeder
order by feeder
"""
SUMMARY_OF_TOTAL = f"""
select
    'total' as feeder,
    count(*) as row_count,
    min(interval_start_at) as first_start_at,
    max(interval_start_at) as last_start_at,
    count(mw_total) as known_count,
    sum(mw_total * interval_minutes)::double / 60 as net_mwh,
    (max(mw_total) filter (can_be_peak))::double as peak_mw
from {TOTALS}
having count(*) > 0
"""


class NotKeptError(ValueError):
    """A version cannot be given back; the message says why and what is missing."""


@dataclass(frozen=True)
class Earlier:
    """A version as it was published: name, content, and a row of figures per feeder and total."""

    version: str
    content: str
    figures: Sequence[dict]


def profiles_as_of(path: Path, moment: str, feeder: str) -> Earlier:
    """Return the figures of the version of a moment, of one feeder, of `total` or of all.

    Raises UnknownVersionError, or NotKeptError.
    """
    with _version_of(path, moment, feeder) as (con, version, content, name):
        values = {"version": version, "feeder": name}
        figures = [] if name == "total" else named_rows(con.execute(SUMMARY, values))
        if name in ("total", None):
            figures += named_rows(con.execute(SUMMARY_OF_TOTAL, {"version": version}))
        return Earlier(version, content, figures)


def lines_as_of(path: Path, moment: str, feeder: str) -> Iterator[str]:
    """Yield the lines of lp/<feeder>.csv as it was then, or of the total; header first."""
    with _version_of(path, moment, feeder) as (con, version, _, name):
        values = {"version": version} | ({} if name in ("total", None) else {"feeder": name})
        rows, columns, reactive, raw = (
            (READINGS, PROFILE, REACTIVE, "coalesce(kvar_del_raw, kvar_rec_raw)")
            if "feeder" in values
            else (TOTALS, TOTAL_COLUMNS, REACTIVE_TOTAL, "mvar_total")
        )
        (count,) = con.execute(f"select count({raw}) from {rows}", values).fetchone()
        if count:
            columns = columns | reactive
        yield csv_header(*columns)
        sql = f"select {line(*columns.values())} from {rows} order by interval_start_at"
        found = con.execute(sql, values)
        while some := found.fetchmany(ROWS_AT_ONCE):
            yield from (text for (text,) in some)


@contextmanager
def _version_of(
    path: Path, moment: str, feeder: str
) -> Iterator[tuple[duckdb.DuckDBPyConnection, str, str, str | None]]:
    """Open a published file; yield it, a version's name and content, and the feeder's own name."""
    with published_file(path) as con:
        if not has_macros(con, con.execute("select current_catalog()").fetchone()[0]):
            raise NotKeptError(
                f"{path} was published by an earlier version of load-profile, which kept no "
                "earlier profiles. The next `load-profile run` begins to keep them."
            )
        version, content = find_version(con, moment)
        known = [name for (name,) in con.execute(FEEDERS).fetchall()]
        name = next((n for n in [*known, "total"] if n.lower() == feeder.lower()), None)
        if feeder and not name:
            raise UnknownVersionError(
                f"Feeder {feeder!r} is in no version. There are {', '.join(known)}, and total."
            )
        try:
            yield con, version, content, name
        except duckdb.InvalidInputException as error:
            raise NotKeptError(error_text(error)) from error
