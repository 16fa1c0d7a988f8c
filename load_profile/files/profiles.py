"""Write lp/*.csv from the tables: profiles, gap lists and months. Knows no form of a cell.

A profile is a header and a partition for each month (UTC), so that a month can be rewritten without
the rest. SQL makes the text of a partition: DuckDB's COPY sorts and scans for each file by itself,
and does not report where in the file a month is.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from os import cpu_count

import duckdb

from ingest.sql import sql_beside
from ingest.workspace import Workspace
from load_profile.files.cells import csv_header, line
from load_profile.files.columns import (
    GAP,
    MEMBER,
    MONTHLY,
    PROFILE,
    REACTIVE,
    REACTIVE_MEMBER,
    REACTIVE_MONTHLY,
    REACTIVE_TOTAL,
    TOTAL,
)
from load_profile.files.writer import Outputs, OutputWriter, fingerprint_of

REACTIVE_CELLS = (
    "array_to_string(list(reactive_cells order by place)"
    " filter (where list_contains($feeders_with_kvar, feeder)), ',')"
)
WITH_KVAR = """
select feeder from feeder_profiles where kvar_del_raw is not null
union
select feeder from feeder_profiles where kvar_rec_raw is not null
"""
HEADER, MONTH = "header", "%Y-%m"  # keys of partitions
PARTITIONS_A_QUERY = 120  # of a feeder and month, half a megabyte each
# with a feeder that has kvar or without, by whether it has
PROFILES = {False: PROFILE, True: PROFILE | REACTIVE}
PROFILE_MONTHS = {
    has_kvar: sql_beside(__file__, "profile_months").format(
        line=line(*columns.values()), table="feeder_profiles"
    )
    for has_kvar, columns in PROFILES.items()
}
TOTAL_MONTH = {
    has_kvar: sql_beside(__file__, "total_month").format(
        member_cells=line(*MEMBER.values()),
        reactive_cells=line(*REACTIVE_MEMBER.values()) if has_kvar else "null",
        reactive=REACTIVE_CELLS if has_kvar else "null",
        line=line(
            PROFILE["Start Time"],
            "cells",
            *TOTAL.values(),
            *(("reactive", *REACTIVE_TOTAL.values()) if has_kvar else ()),
        ),
    )
    for has_kvar in (False, True)
}
MONTHS_HAVE_KVAR = """
select count(del_mvarh) + count(rec_mvarh) > 0 from planner_figures where grain = 'month'
"""
GAP_LINES = f"string_agg({line(*GAP.values())}, chr(10) order by gap_start_at) || chr(10)"
FEEDER_GAPS = f"select feeder, {GAP_LINES} from gaps group by feeder"
ALL_GAPS = f"select {GAP_LINES} from combined_gaps"


def feeders_of(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return all feeders of meter-data.csv, in its order."""
    rows = con.execute(
        "select feeder from stg_meter_data group by feeder order by min(meter_data_row)"
    )
    return [feeder for (feeder,) in rows.fetchall()]


def month_fingerprints(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return, by feeder or total, the fingerprint of every month, in the order of months."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    rows = con.execute(
        "select feeder, month_start_at, stamp from output_stamps order by month_start_at"
    )
    for feeder, month, fingerprint in rows.fetchall():
        found[feeder][f"{month:{MONTH}}"] = fingerprint
    return found


def export_profiles(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/<feeder>.csv and lp/all.csv."""
    writer = OutputWriter(workspace.profiles, "profiles")
    feeders, months = feeders_of(con), month_fingerprints(con)
    having = {feeder for (feeder,) in con.execute(WITH_KVAR).fetchall()}
    with_kvar = [feeder for feeder in feeders if feeder in having]
    for has_kvar in (False, True):
        some = [feeder for feeder in feeders if (feeder in having) == has_kvar]
        write_feeders(con, writer, some, months, PROFILES[has_kvar], PROFILE_MONTHS[has_kvar])
    _export_total(con, writer, feeders, with_kvar, months)
    return writer.finish()


def export_gaps(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/<feeder>_gaps.csv and lp/all_gaps.csv."""
    writer = OutputWriter(workspace.profiles, "gaps")
    months = month_fingerprints(con)
    header = csv_header(*GAP)
    wanted = {
        f"{'all' if feeder == 'total' else feeder}_gaps.csv": {
            "rows": fingerprint_of(header, query, *months[feeder].items())
        }
        for query, feeder in [*((FEEDER_GAPS, f) for f in feeders_of(con)), (ALL_GAPS, "total")]
    }
    texts = {}
    if any(writer.changed(*file) for file in wanted.items()):
        rows = [*con.execute(FEEDER_GAPS).fetchall(), ("all", *con.execute(ALL_GAPS).fetchone())]
        texts = {f"{feeder}_gaps.csv": text for feeder, text in rows if text}
    for name, partitions in wanted.items():
        data = f"{header}\n{texts.get(name, '')}".encode()
        writer.write(name, partitions, {"rows": data}.__getitem__)
    return writer.finish()


def export_months(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/monthly.csv: the total and every feeder, month by month of the system's clock."""
    writer = OutputWriter(workspace.profiles, "months")
    (has_kvar,) = con.execute(MONTHS_HAVE_KVAR).fetchone()
    columns = MONTHLY | REACTIVE_MONTHLY if has_kvar else MONTHLY
    lines = sql_beside(__file__, "monthly").format(line=line(*columns.values()))
    text = f"{csv_header(*columns)}\n{con.execute(lines).fetchone()[0]}"
    writer.write("monthly.csv", {"rows": fingerprint_of(text)}, lambda _: text.encode())
    return writer.finish()


def write_feeders(
    con: duckdb.DuckDBPyConnection,
    writer: OutputWriter,
    feeders: list[str],
    months: dict[str, dict[str, str]],
    columns: dict[str, str],
    query: str,
    ending: str = ".csv",
) -> None:
    """Write a file for each feeder, the changed months of many feeders by one query."""
    header = csv_header(*columns)
    wanted = {
        feeder: {HEADER: fingerprint_of(header)}
        | {month: fingerprint_of(query, rows) for month, rows in months[feeder].items()}
        for feeder in feeders
    }
    changed = {name: writer.changed(f"{name}{ending}", wanted[name]) for name in sorted(feeders)}

    def export(batch: list[str]) -> None:
        made = {feeder: defaultdict(bytes, {HEADER: f"{header}\n".encode()}) for feeder in batch}
        pairs = [(f, _month(key)) for f in batch for key in changed[f] if key != HEADER]
        if pairs:
            some, starts = map(list, zip(*pairs, strict=True))
            values = {"feeders": some, "months": starts, "first_month": min(starts)}
            values |= {"first_feeder": min(some), "last_feeder": max(some)}
            with con.cursor() as own:
                for feeder, month, text in own.execute(query, values).fetchall():
                    made[feeder][f"{month:{MONTH}}"] = text
        for feeder in batch:
            writer.write(f"{feeder}{ending}", wanted[feeder], made[feeder].__getitem__)

    # while one batch is written, the next one is read
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        list(pool.map(export, _batches(changed)))


def _batches(changed: dict[str, list[str]]) -> Iterator[list[str]]:
    """Yield the feeders in groups with about PARTITIONS_A_QUERY changed partitions each."""
    batch, count = [], 0
    for feeder, keys in changed.items():
        batch.append(feeder)
        count += len(keys)
        if count >= PARTITIONS_A_QUERY:
            yield batch
            batch, count = [], 0
    yield batch


def _export_total(
    con, writer: OutputWriter, feeders: list[str], with_kvar: list[str], months: dict
) -> None:
    """Write lp/all.csv."""
    names = [f"{feeder}_{name}" for feeder in feeders for name in MEMBER] + list(TOTAL)
    if with_kvar:
        names += [f"{feeder}_{name}" for feeder in with_kvar for name in REACTIVE_MEMBER]
        names += REACTIVE_TOTAL
    query, values = TOTAL_MONTH[bool(with_kvar)], {"feeders": feeders}
    values |= {"feeders_with_kvar": with_kvar} if with_kvar else {}
    write_total(con, writer, "all.csv", ["Start Time", *names], query, values, months)


def write_total(
    con: duckdb.DuckDBPyConnection,
    writer: OutputWriter,
    name: str,
    columns: list[str],
    query: str,
    values: dict[str, list[str]],
    months: dict[str, dict[str, str]],
) -> None:
    """Write a file of all feeders and the total, one month after the other.

    All together would not fit into memory. `query` takes `values` and the month's two ends.
    """
    header = csv_header(*columns)
    reach = 1 + _is_total_across_months(con)
    wanted = {HEADER: fingerprint_of(header)}
    for month in months["total"]:
        near = [month, f"{_next_month(_month(month)):{MONTH}}"][:reach]
        covered = [
            months[feeder].get(key) for feeder in ("total", *values["feeders"]) for key in near
        ]
        wanted[month] = fingerprint_of(query, header, *covered)

    def make(key: str) -> bytes:
        if key == HEADER:
            return f"{header}\n".encode()
        start = _month(key)
        with con.cursor() as own:
            span = {"month": start, "next_month": _next_month(start)}
            return own.execute(query, values | span).fetchone()[0] or b""

    # a month is prefetched while the one before it is written
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(writer.changed(name, wanted))
        prefetched: dict[str, Future[bytes]] = {}

        def next_partition(key: str) -> bytes:
            while waiting and len(prefetched) < 2:
                following = waiting.popleft()
                prefetched[following] = pool.submit(make, following)
            return prefetched.pop(key).result()

        writer.write(name, wanted, next_partition)


def _is_total_across_months(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether an interval of the total may begin in one month (UTC) and take in the next one's."""
    interval, shift = con.execute(
        "select interval_minutes, grid_shift_minutes from stg_system"
    ).fetchone()
    return bool(1440 % interval or shift % interval)


def _month(key: str) -> datetime:
    return datetime.strptime(key, MONTH)


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=31)).replace(day=1)
