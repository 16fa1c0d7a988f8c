"""Write the published tables as files under lp/. Knows forms of files; figures come from SQL.

A profile is a header and one part a month (UTC), so that a month can be made anew without the rest.
SQL makes the text of a part: DuckDB's COPY sorts and scans for each file by itself, and does not
say where in the file a month lies.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from os import cpu_count

import duckdb

from ingest.workspace import Workspace
from load_profile.files.writer import Outputs, OutputWriter, stamp_of

TIME = "'%m/%d/%y %H:%M:%S'"
UTC = "'%Y-%m-%dT%H:%M:%SZ'"  # ISO 8601: the hour that a clock has twice in autumn
HEADER, MONTH = "header", "%Y-%m"  # keys of parts
PARTS_A_QUERY = 120  # parts of a feeder and month, half a megabyte each
NEEDS_QUOTES = ',"#\r\n'
# To a spreadsheet a text that begins so is a formula, in wide letters (the last four) too; with the
# guard before it, it is a text. A number is never touched.
RUN_BY_SPREADSHEETS, GUARD = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", "'"
# each power of feeder_profiles and the raw value that is, nearly always, times mw_per_unit the same
RAW_OF = {
    "mw_del": "kw_del",
    "mw_rec": "kw_rec",
    "mva_del": "kva_del",
    "mva_rec": "kva_rec",
    "mw_net": "(kw_del - kw_rec)",
    "mw_gross": "(kw_del + kw_rec)",
    "mva_net": "greatest(kva_del, kva_rec)",
    "mva_net_min": "greatest(kva_del, kva_rec)",
    "mva_gross": "(kva_del + kva_rec)",
}


def _six_decimals(column: str) -> str:
    """SQL for a decimal with six decimals, rounded half away from zero.

    Dividing a wide decimal is slow. A double is rounded quickly, and where the result is exactly
    the value, as nearly always, it is right.
    """
    quick = f"try_cast(cast({column} as double) as decimal(18, 6))"
    exact = f"cast({column} as decimal(38, 6))"
    return f"case when {quick} = {column} then {quick}::varchar else {exact}::varchar end"


def guess_power(column: str) -> str:
    """SQL for a power of feeder_profiles as a short decimal, or for one that is not equal to it."""
    return f"try_cast(cast({RAW_OF[column]} as double) * mw_per_unit as decimal(18, 6))"


def _power(column: str) -> str:
    """The same for a power that is, nearly always, a raw value of 64 bits times a double."""
    guess = guess_power(column)
    return f"case when {guess} = {column} then {guess}::varchar else {_six_decimals(column)} end"


def _text(column: str) -> str:
    """SQL for a cell of text: guarded if a spreadsheet would run it, quoted if it needs that."""
    starts = ", ".join(f"chr({ord(sign)})" for sign in RUN_BY_SPREADSHEETS)
    guarded = _quoted(f"(chr({ord(GUARD)}) || {column})")
    return f"case when left({column}, 1) in ({starts}) then {guarded} else {_quoted(column)} end"


def _quoted(column: str) -> str:
    has_one = " or ".join(f"contains({column}, chr({ord(sign)}))" for sign in NEEDS_QUOTES)
    return f"""case when {column} = '' or {has_one}
        then '"' || replace({column}, '"', '""') || '"' else {column} end"""


def _line(*cells: str) -> str:
    """SQL for a line of cells; an unknown value is an empty one."""
    return "concat(" + ", ',', ".join(cells) + ")"


def _header(*names: str) -> str:
    """The line of names, guarded and quoted likewise; a feeder's has no quotes in itself."""
    names = (GUARD * (name[0] in RUN_BY_SPREADSHEETS) + name for name in names)
    return ",".join(f'"{name}"' if set(name) & set(NEEDS_QUOTES) else name for name in names)


# name of the column -> its text
PROFILE = {
    "meter": _text("meter"),
    "Record No.": "record_no::varchar",
    "Event Type": _text("event_type"),
    "Start Time": f"strftime(start_local, {TIME})",
    "End Time": f"strftime(end_local, {TIME})",
    "kw_del": "kw_del::varchar",
    "kw_rec": "kw_rec::varchar",
    "kva_del": "kva_del::varchar",
    "kva_rec": "kva_rec::varchar",
    "MW_del": _power("mw_del"),
    "MW_rec": _power("mw_rec"),
    "MVA_del": _power("mva_del"),
    "MVA_rec": _power("mva_rec"),
    "MW_net": _power("mw_net"),
    "MVA_net": _power("mva_net"),
    "PF_net": "cast(pf_net as decimal(9, 6))::varchar",
    "start_utc": f"strftime(interval_start_at, {UTC})",
}
TOTAL = {
    "MW_total": _six_decimals("mw_total"),
    "MVA_total": _six_decimals("mva_total"),
    "PF_total": "cast(pf_total as decimal(9, 6))::varchar",
    "MW_net": _six_decimals("mw_total"),
    "start_utc": PROFILE["start_utc"],
}
GAP = {
    "gap_start": f"strftime(gap_start_local, {TIME})",
    "gap_end": f"strftime(gap_end_local, {TIME})",
    "gap_duration": """format('{} days {:02d}:{:02d}:00',
        gap_minutes // 1440, gap_minutes // 60 % 24, gap_minutes % 60)""",
    "gap_start_utc": f"strftime(gap_start_at, {UTC})",
    "gap_end_utc": f"strftime(gap_end_at, {UTC})",
}
MONTHLY = {
    "feeder": _text("feeder"),
    "month": "strftime(period_start, '%Y-%m')",
    "peak_mw": _six_decimals("peak_mw"),
    "peak_start": f"strftime(peak_local, {TIME})",
    "peak_start_utc": f"strftime(peak_at, {UTC})",
    "measured_peak_mw": _six_decimals("measured_peak_mw"),
    "measured_peak_start": f"strftime(measured_peak_local, {TIME})",
    "measured_peak_start_utc": f"strftime(measured_peak_at, {UTC})",
    "implausible_count": "implausible_count::varchar",
    "min_mw": _six_decimals("min_mw"),
    "min_start": f"strftime(min_local, {TIME})",
    "min_start_utc": f"strftime(min_at, {UTC})",
    "timezone": "timezone",
    "delivered_mwh": _six_decimals("del_mwh"),
    "received_mwh": _six_decimals("rec_mwh"),
    "net_mwh": _six_decimals("net_mwh"),
    "load_factor": "cast(load_factor as decimal(9, 6))::varchar",
    "completeness": "cast(completeness as decimal(9, 6))::varchar",
    "period_share": "cast(period_share as decimal(9, 6))::varchar",
    "is_lower_bound": "is_lower_bound::varchar",
}
MEMBER = {name: PROFILE[name] for name in ("MW_net", "MVA_net", "PF_net")}

# Encoded, a text need not be taken for a str first and then back. Feeders whose names follow each
# other lie side by side, as files are read by name: all others need not be read.
PROFILES = f"""
with

wanted as (
    select unnest($feeders) as feeder, unnest($months) as month_start_at
),

lines as (
    select
        feeder,
        interval_start_at,
        month_start_at,
        {_line(*PROFILE.values())} as line
    from (select *, date_trunc('month', interval_start_at) as month_start_at from feeder_profiles)
    inner join wanted using (feeder, month_start_at)
    where interval_start_at >= $first_month and feeder between $first_feeder and $last_feeder
)

select feeder, month_start_at,
    encode(array_to_string(list(line order by interval_start_at), chr(10)) || chr(10))
from lines
group by feeder, month_start_at
"""
# One month of the total and of all its members, in the order of meter-data.csv.
COMBINED = f"""
with

combined as (
    select * from combined_profiles
    where interval_start_at >= $month and interval_start_at < $next_month
),

members as (
    select interval_start_at, feeder, {_line(*MEMBER.values())} as cells
    from member_profiles
    where interval_start_at >= $month and interval_start_at < $next_month
),

feeders as (
    select unnest($feeders) as feeder, generate_subscripts($feeders, 1) as place
),

-- few intervals lack a feeder: only there is one looked for
holed as (
    select interval_start_at
    from combined
    left join members using (interval_start_at)
    group by interval_start_at
    having count(members.feeder) < len($feeders)
),

cells as (
    select interval_start_at, place, cells
    from members
    inner join feeders using (feeder)
    union all
    select interval_start_at, place, ',,' as cells
    from (from holed cross join feeders)
    anti join members using (interval_start_at, feeder)
),

side_by_side as (
    select interval_start_at, array_to_string(list(cells order by place), ',') as cells
    from cells
    group by interval_start_at
),

lines as (
    select
        interval_start_at,
        {_line(PROFILE["Start Time"], "cells", *TOTAL.values())} as line
    from combined
    inner join side_by_side using (interval_start_at)
)

select encode(array_to_string(list(line order by interval_start_at), chr(10)) || chr(10))
from lines
"""
GAPS = f"string_agg({_line(*GAP.values())}, chr(10) order by gap_start_at) || chr(10)"
FEEDER_GAPS = f"select feeder, {GAPS} from gaps group by feeder"
ALL_GAPS = f"select {GAPS} from combined_gaps"

# The total first, as in the report.
MONTHS = f"""
select coalesce(string_agg(
    {_line(*MONTHLY.values())}, chr(10) order by feeder <> 'total', feeder, period_start
) || chr(10), '')
from planner_figures
where grain = 'month'
"""


def feeders_of(con: duckdb.DuckDBPyConnection) -> list[str]:
    """All feeders of meter-data.csv, in its order."""
    rows = con.execute(
        "select feeder from stg_meter_data group by feeder order by min(meter_data_row)"
    )
    return [feeder for (feeder,) in rows.fetchall()]


def stamps(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Per feeder, and for the total, the stamp of every month, in the order of months."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    rows = con.execute(
        "select feeder, month_start_at, stamp from output_stamps order by month_start_at"
    )
    for feeder, month, stamp in rows.fetchall():
        found[feeder][f"{month:{MONTH}}"] = stamp
    return found


def export_profiles(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/<feeder>.csv and lp/all.csv."""
    writer = OutputWriter(workspace.profiles, "profiles")
    feeders, months = feeders_of(con), stamps(con)
    _export_feeders(con, writer, feeders, months)
    _export_combined(con, writer, feeders, months)
    return writer.finish()


def export_gaps(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/<feeder>_gaps.csv and lp/all_gaps.csv."""
    writer = OutputWriter(workspace.profiles, "gaps")
    months = stamps(con)
    header = _header(*GAP)
    wanted = {
        f"{'all' if feeder == 'total' else feeder}_gaps.csv": {
            "rows": stamp_of(header, query, *months[feeder].items())
        }
        for query, feeder in [*((FEEDER_GAPS, f) for f in feeders_of(con)), (ALL_GAPS, "total")]
    }
    texts = {}
    if any(writer.changed(*file) for file in wanted.items()):
        rows = [*con.execute(FEEDER_GAPS).fetchall(), ("all", *con.execute(ALL_GAPS).fetchone())]
        texts = {f"{feeder}_gaps.csv": text for feeder, text in rows if text}
    for name, parts in wanted.items():
        data = f"{header}\n{texts.get(name, '')}".encode()
        writer.write(name, parts, {"rows": data}.__getitem__)
    return writer.finish()


def export_months(con: duckdb.DuckDBPyConnection, workspace: Workspace) -> Outputs:
    """Write lp/monthly.csv: the total and every feeder, month by month of the system's clock."""
    writer = OutputWriter(workspace.profiles, "months")
    text = f"{_header(*MONTHLY)}\n{con.execute(MONTHS).fetchone()[0]}"
    writer.write("monthly.csv", {"rows": stamp_of(text)}, lambda _: text.encode())
    return writer.finish()


def _export_feeders(con, writer: OutputWriter, feeders: list[str], months: dict) -> None:
    """Write lp/<feeder>.csv, the changed months of many feeders by one query."""
    header = _header(*PROFILE)
    wanted = {
        feeder: {HEADER: stamp_of(header)}
        | {month: stamp_of(PROFILES, stamp) for month, stamp in months[feeder].items()}
        for feeder in feeders
    }
    changed = {name: writer.changed(f"{name}.csv", wanted[name]) for name in sorted(feeders)}

    def export(batch: list[str]) -> None:
        made = {feeder: defaultdict(bytes, {HEADER: f"{header}\n".encode()}) for feeder in batch}
        pairs = [(f, _month(key)) for f in batch for key in changed[f] if key != HEADER]
        if pairs:
            some, starts = map(list, zip(*pairs, strict=True))
            values = {"feeders": some, "months": starts, "first_month": min(starts)}
            values |= {"first_feeder": min(some), "last_feeder": max(some)}
            with con.cursor() as own:
                for feeder, month, text in own.execute(PROFILES, values).fetchall():
                    made[feeder][f"{month:{MONTH}}"] = text
        for feeder in batch:
            writer.write(f"{feeder}.csv", wanted[feeder], made[feeder].__getitem__)

    # while one batch is written, the next one is read
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        list(pool.map(export, _batches(changed)))


def _batches(changed: dict[str, list[str]]) -> Iterator[list[str]]:
    """The feeders in groups with about PARTS_A_QUERY changed parts each."""
    batch, parts = [], 0
    for feeder, keys in changed.items():
        batch.append(feeder)
        parts += len(keys)
        if parts >= PARTS_A_QUERY:
            yield batch
            batch, parts = [], 0
    yield batch


def _export_combined(con, writer: OutputWriter, feeders: list[str], months: dict) -> None:
    """Write lp/all.csv, one month after the other: all together would not fit into memory."""
    header = _header(
        "Start Time", *(f"{feeder}_{name}" for feeder in feeders for name in MEMBER), *TOTAL
    )
    reach = 1 + _is_total_across_months(con)
    wanted = {HEADER: stamp_of(header)}
    for month in months["total"]:
        near = [month, f"{_next_month(_month(month)):{MONTH}}"][:reach]
        parts = [months[feeder].get(key) for feeder in ("total", *feeders) for key in near]
        wanted[month] = stamp_of(COMBINED, header, *parts)

    def make(key: str) -> bytes:
        if key == HEADER:
            return f"{header}\n".encode()
        start = _month(key)
        values = {"month": start, "next_month": _next_month(start), "feeders": feeders}
        with con.cursor() as own:
            return own.execute(COMBINED, values).fetchone()[0] or b""

    # a part is made while the one before it is written
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(writer.changed("all.csv", wanted))
        ahead: dict[str, Future[bytes]] = {}

        def next_part(key: str) -> bytes:
            while waiting and len(ahead) < 2:
                following = waiting.popleft()
                ahead[following] = pool.submit(make, following)
            return ahead.pop(key).result()

        writer.write("all.csv", wanted, next_part)


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
