"""The limit to measure by: DuckDB alone makes of the same files what the product hands over.

    python benchmarks/limit.py ROOT

The files are read once. Their readings become one table with the columns of feeder_profiles, the
text files lp/<feeder>.csv and lp/all.csv, Parquet by month, and a second copy of the database file.
There is no check, ledger, letter, correction, gap, figure, test or dbt: nobody who wants these
outputs is faster with DuckDB. Only for good data with one meter row a feeder: UTC, power in W, no
kvar. Prints the seconds of CPU of each step.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from stages import read_exports

SIX = "decimal(18, 6)"
PROFILES = """
create table feeder_profiles as
with named as (
    select lower(split_part(parse_filename(filename), '-', 1)) as feeder, * from reads
),

powers as (
    select
        named.*,
        meters.meter,
        (kw_del::decimal(15, 6) * factor)::decimal(28, 18) as mw_del,
        (kw_rec::decimal(15, 6) * factor)::decimal(28, 18) as mw_rec,
        (kva_del::decimal(15, 6) * factor)::decimal(28, 18) as mva_del,
        (kva_rec::decimal(15, 6) * factor)::decimal(28, 18) as mva_rec
    from named
    inner join (
        select lower(sta) as feeder, meter, (multiplier * 0.000001)::decimal(10, 6) as factor
        from meters
    ) as meters on named.feeder = meters.feeder
),

netted as (
    select
        *,
        sqrt(
            (mw_del::double - mw_rec::double) ** 2 + (
                sqrt(greatest(mva_del::double ** 2 - mw_del::double ** 2, 0))
                + sqrt(greatest(mva_rec::double ** 2 - mw_rec::double ** 2, 0))
            ) ** 2
        ) as mva
    from powers
)

select
    feeder,
    start_local as interval_start_at,
    15 as interval_minutes,
    900 as actual_seconds,
    meter,
    record_no,
    trim(event_type) as event_type,
    '' as reading_quality,
    'normal' as event_handling,
    start_local,
    end_local,
    'UTC' as timezone,
    0 as clock_offset_seconds,
    kw_del::decimal(18, 6) as del_raw,
    kw_rec::decimal(18, 6) as rec_raw,
    kva_del::decimal(18, 6) as kva_del_raw,
    kva_rec::decimal(18, 6) as kva_rec_raw,
    null::decimal(18, 6) as kvar_del_raw,
    null::decimal(18, 6) as kvar_rec_raw,
    mw_del,
    mw_rec,
    mva_del,
    mva_rec,
    null::decimal(28, 18) as mvar_del,
    null::decimal(28, 18) as mvar_rec,
    mw_del - mw_rec as mw_net,
    mw_del + mw_rec as mw_gross,
    mva::decimal(28, 18) as mva_net,
    abs(mw_del - mw_rec) as mva_net_min,
    mva_del + mva_rec as mva_gross,
    null::decimal(28, 18) as mvar_net,
    abs(mw_del - mw_rec)::double / nullif(mva, 0) as pf_net,
    null::double as pf_net_signed,
    null::integer as quadrant,
    mw_del > 0 and mw_rec > 0 as is_bidirectional,
    mw_del > mva_del or mw_rec > mva_rec as kva_below_kw,
    false as is_ambiguous_time,
    false as is_partial_interval,
    false as is_long_interval,
    false as is_test,
    true as can_be_peak,
    false as is_off_time_grid,
    false as is_out_of_range,
    0.000001::double as mw_per_unit,
    1::decimal(9, 6) as total_factor,
    hash(filename) as file_id,
    record_no as line_number,
    0 as position
from netted
"""
TEXT = f"""
copy (
    select
        meter,
        record_no as "Record No.",
        event_type as "Event Type",
        strftime(start_local, '%m/%d/%y %H:%M:%S') as "Start Time",
        strftime(end_local, '%m/%d/%y %H:%M:%S') as "End Time",
        del_raw as kw_del,
        rec_raw as kw_rec,
        kva_del_raw as kva_del,
        kva_rec_raw as kva_rec,
        mw_del::{SIX} as "MW_del",
        mw_rec::{SIX} as "MW_rec",
        mva_del::{SIX} as "MVA_del",
        mva_rec::{SIX} as "MVA_rec",
        mw_net::{SIX} as "MW_net",
        mva_net::{SIX} as "MVA_net",
        pf_net::{SIX} as "PF_net",
        strftime(interval_start_at, '%Y-%m-%dT%H:%M:%SZ') as start_utc
    from feeder_profiles
    where feeder = '{{feeder}}'
    order by interval_start_at
) to '{{file}}' (format csv, header)
"""
MEMBERS = """
select string_agg(concat_ws(',', name || '_MW_net', name || '_MVA_net', name || '_PF_net'), ',')
from (select distinct feeder as name from feeder_profiles order by name)
"""
ALL = f"""
copy (
    select
        strftime(interval_start_at, '%m/%d/%y %H:%M:%S') as "Start Time",
        string_agg(
            concat(mw_net::{SIX}, ',', mva_net::{SIX}, ',', pf_net::{SIX}), ',' order by feeder
        ) as "{{members}}",
        sum(mw_net)::{SIX} as "MW_total",
        sum(mva_net)::{SIX} as "MVA_total",
        (abs(sum(mw_net))::double / nullif(sum(mva_net)::double, 0))::{SIX} as "PF_total",
        sum(mw_net)::{SIX} as "MW_net",
        strftime(interval_start_at, '%Y-%m-%dT%H:%M:%SZ') as start_utc
    from feeder_profiles
    group by interval_start_at
    order by interval_start_at
) to '{{file}}' (format csv, header, quote '')
"""
PARQUET = """
copy (
    select *, strftime(interval_start_at, '%Y-%m') as month
    from feeder_profiles
) to '{folder}' (format parquet, partition_by (month))
"""


def main(root: Path) -> None:
    """Make all outputs below ROOT/limit."""
    made = root / "limit"
    made.mkdir()
    with duckdb.connect(str(made / "limit.duckdb")) as con:
        con.read_csv(str(root / "meter-data.csv")).create("meters")
        with step("read"):
            read_exports(con, root, temporary=True)
        with step("table"):
            con.execute(PROFILES)
            con.execute("checkpoint")
        with step("texts"):
            (made / "lp").mkdir()
            feeders = con.execute("select distinct feeder from feeder_profiles").fetchall()
            for (feeder,) in feeders:
                con.execute(TEXT.format(feeder=feeder, file=made / "lp" / f"{feeder}.csv"))
            (members,) = con.execute(MEMBERS).fetchone()
            con.execute(ALL.format(file=made / "all.csv", members=members))
        with step("Parquet"):
            con.execute(PARQUET.format(folder=made / "published"))
    with step("copy"):
        shutil.copyfile(made / "limit.duckdb", made / "published.duckdb")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print the seconds of CPU that the block took."""
    before = sum(os.times()[:2])
    yield
    print(f"{name}: {sum(os.times()[:2]) - before:.1f} s of CPU", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
