"""Small tables that files below lp/ are made of, and the same files by one COPY each."""

from datetime import datetime
from pathlib import Path

import duckdb

FEEDERS = ["we,st", "gen", "a #1"]
# What DuckDB's own COPY makes of the published query is the standard.
PROFILE = """
copy (
    select
        meter,
        record_no as "Record No.",
        event_type as "Event Type",
        strftime(start_local, '%m/%d/%y %H:%M:%S') as "Start Time",
        strftime(end_local, '%m/%d/%y %H:%M:%S') as "End Time",
        del_raw::decimal(38, 6) as kw_del,
        rec_raw::decimal(38, 6) as kw_rec,
        kva_del_raw::decimal(38, 6) as kva_del,
        kva_rec_raw::decimal(38, 6) as kva_rec,
        mw_del::decimal(28, 6) as "MW_del",
        mw_rec::decimal(28, 6) as "MW_rec",
        mva_del::decimal(28, 6) as "MVA_del",
        mva_rec::decimal(28, 6) as "MVA_rec",
        mw_net::decimal(28, 6) as "MW_net",
        mva_net::decimal(28, 6) as "MVA_net",
        pf_net::decimal(9, 6) as "PF_net",
        strftime(interval_start_at, '%Y-%m-%dT%H:%M:%SZ') as start_utc
        {reactive}
    from feeder_profiles
    where feeder = $feeder
    order by interval_start_at
) to '{path}' (format csv, header)
"""
# of a feeder that has kvar
REACTIVE = """,
        mvar_del::decimal(28, 6) as "MVAR_del",
        mvar_rec::decimal(28, 6) as "MVAR_rec",
        mvar_net::decimal(28, 6) as "MVAR_net",
        pf_net_signed::decimal(9, 6) as "PF_net_signed"
"""
COMBINED = """
copy (
    with wide as (
        pivot (
            select feeder, interval_start_at, mw_net, mva_net, pf_net from member_profiles
        ) on feeder in ({feeders})
        using
            first(mw_net)::decimal(28, 6) as "MW_net",
            first(mva_net)::decimal(28, 6) as "MVA_net",
            first(pf_net)::decimal(9, 6) as "PF_net"
        group by interval_start_at
    )
    select
        strftime(combined.start_local, '%m/%d/%y %H:%M:%S') as "Start Time",
        wide.* exclude (interval_start_at),
        mw_total::decimal(38, 6) as "MW_total",
        mva_total::decimal(38, 6) as "MVA_total",
        pf_total::decimal(9, 6) as "PF_total",
        mw_total::decimal(38, 6) as "MW_net",
        strftime(combined.interval_start_at, '%Y-%m-%dT%H:%M:%SZ') as start_utc,
        gen.mvar_net::decimal(28, 6) as "gen_MVAR_net",
        mvar_total::decimal(38, 6) as "MVAR_total",
        mva_total_vector::decimal(38, 6) as "MVA_total_vector",
        pf_total_vector::decimal(9, 6) as "PF_total_vector"
    from combined_profiles as combined
    left join wide using (interval_start_at)
    left join member_profiles as gen
        on combined.interval_start_at = gen.interval_start_at and gen.feeder = 'gen'
    order by combined.interval_start_at
) to '{path}' (format csv, header)
"""
TABLES = """
create table stg_system as
    select 15::bigint as interval_minutes, 0::bigint as grid_shift_minutes, 'UTC' as timezone,
        'signed' as net_convention;
create table stg_meter_data as
    select unnest($feeders) as feeder, generate_subscripts($feeders, 1) as meter_data_row,
        'UTC' as timezone, 0.001::decimal(24, 12) as mw_factor;
create table feeder_profiles as
    select
        feeder,
        interval_start_at,
        15::bigint as interval_minutes,
        case n % 5 when 0 then 'plain' when 1 then '' when 2 then 'a,b' when 3 then 'c "d"' end
            as meter,
        n as record_no,
        case n % 4 when 0 then '#1' when 1 then ' x' when 2 then null else 'Normal' end
            as event_type,
        interval_start_at as start_local,
        interval_start_at + interval 15 minute as end_local,
        'UTC' as timezone,
        kw::decimal(18, 6) as del_raw,
        (kw / 3)::decimal(18, 6) as rec_raw,
        case when n % 7 > 0 then -kw end::decimal(18, 6) as kva_del_raw,
        999999999.999999::decimal(18, 6) as kva_rec_raw,
        (kw / 1000)::decimal(28, 18) as mw_del,
        (n * 0.0000005)::decimal(28, 18) as mw_rec,
        (n * -0.0000005)::decimal(28, 18) as mva_del,
        (n / 7.0)::decimal(28, 18) as mva_rec,
        case when n % 11 > 0 then (n * 0.123456500001)::decimal(28, 18) end as mw_net,
        (n * 0.000000499999999999)::decimal(28, 18) as mva_net,
        (n % 100) / 99.0::double as pf_net,
        -- one feeder has kvar
        case when feeder = 'gen' then kw end::decimal(18, 6) as kvar_del_raw,
        case when feeder = 'gen' and n % 7 > 0 then kw / 2 end::decimal(18, 6) as kvar_rec_raw,
        (kvar_del_raw / 1000)::decimal(28, 18) as mvar_del,
        (kvar_rec_raw / 1000)::decimal(28, 18) as mvar_rec,
        (case when n % 3 > 0 then mvar_rec - mvar_del end)::decimal(28, 18) as mvar_net,
        case when feeder = 'gen' then -pf_net end as pf_net_signed,
        0.001::double as mw_per_unit
    from (
        select *, (n * 0.01)::decimal(12, 3) as kw
        from (
            select
                feeder,
                range as interval_start_at,
                row_number() over (order by hash(feeder), hash(range)) as n
            from stg_meter_data
            cross join range(timestamp '2024-01-30', timestamp '2024-03-03', interval 15 minute)
        )
        where n % 13 > 0
    )
    order by hash(n);
create view member_profiles as from feeder_profiles;
create table combined_profiles as
    select
        interval_start_at,
        interval_start_at as start_local,
        'UTC' as timezone,
        case when count(mw_net) = 3 then sum(mw_net)::decimal(38, 24) end as mw_total,
        case when count(mw_net) = 3 then sum(mva_net)::decimal(38, 24) end as mva_total,
        avg(pf_net) as pf_total,
        sum(mvar_net)::decimal(38, 18) as mvar_total,
        (sum(mva_net) / 3)::decimal(38, 18) as mva_total_vector,
        avg(pf_net) / 2 as pf_total_vector
    from feeder_profiles group by interval_start_at;
create table gaps as
    select
        feeder,
        timestamp '2024-02-01' as gap_start_at,
        timestamp '2024-02-02 01:15:00' as gap_end_at,
        timestamp '2024-02-01' as gap_start_local,
        timestamp '2024-02-02 01:15:00' as gap_end_local,
        101::bigint as missing_intervals,
        1515::bigint as gap_minutes
    from stg_meter_data where feeder <> 'gen';
create table combined_gaps as select * exclude (feeder) from gaps limit 1;
create table final_exceptions as
    select
        feeder,
        'UTC' as timezone,
        timestamp '2024-02-01' as interval_start_at,
        'S' as status,
        0.5 as mw_net,
        0.25 as mw_net_low,
        null::double as mw_net_high
    from stg_meter_data where feeder <> 'gen';
create table final_totals as
    select timestamp '2024-02-01' as interval_start_at, 'UTC' as timezone, 'estimated' as quality,
        1.5 as mw_final, 1 as mw_final_low, 2 as mw_final_high;
create table output_stamps as
    select feeder, date_trunc('month', interval_start_at) as month_start_at, 'first' as stamp
    from feeder_profiles group by all
    union all
    select 'total', date_trunc('month', interval_start_at), 'first'
    from combined_profiles group by all;
create table planner_figures as
    select feeder, 'day' as grain, interval_start_at::date as period_start,
        max(mw_net) as peak_mw, min(mw_net) as min_mw
    from feeder_profiles group by all;
"""


def fill(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, with every kind of value that a file may have to show."""
    con.execute("set TimeZone = 'UTC'")
    for statement in TABLES.strip().removesuffix(";").split(";\n"):
        uses = "$feeders" in statement
        con.execute(statement, {"feeders": FEEDERS} if uses else None)


def standard(con, folder: Path) -> dict[str, bytes]:
    """lp/<feeder>.csv and lp/all.csv, each written in full by one COPY."""
    target = folder / "standard.tmp"
    found = {}
    for feeder in FEEDERS:
        reactive = REACTIVE if feeder == "gen" else ""
        con.execute(PROFILE.format(path=target, reactive=reactive), {"feeder": feeder})
        found[f"{feeder}.csv"] = target.read_bytes()
    names = ", ".join(f"'{feeder}'" for feeder in FEEDERS)
    con.execute(COMBINED.format(path=target, feeders=names))
    return found | {"all.csv": target.read_bytes()}


def change(con, feeder: str, month: str) -> None:
    """Another value in one interval of a feeder, with its stamps; the total has it too."""
    start = datetime.strptime(month, "%Y-%m")
    con.execute(
        """
        update feeder_profiles set mw_net = 12345.5
        where feeder = $feeder and interval_start_at = (
            select min(interval_start_at) from feeder_profiles
            where feeder = $feeder and interval_start_at >= $start
        )
        """,
        {"feeder": feeder, "start": start},
    )
    stamp(con, feeder, start)
    stamp(con, "total", start)


def stamp(con, feeder: str, start: datetime) -> None:
    con.execute(
        """
        update output_stamps set stamp = stamp || '+'
        where feeder = $feeder and month_start_at = $start
        """,
        {"feeder": feeder, "start": start},
    )
