-- one row per feeder and run of equal readings, joined again where the end of a month had cut it

with

compared as (
    select
        *,
        case
            when
                run_start_at = lag(run_end_at) over feeder_runs
                and del_raw = lag(del_raw) over feeder_runs
                and rec_raw = lag(rec_raw) over feeder_runs
                and coalesce(kva_del_raw, -1) = lag(coalesce(kva_del_raw, -1)) over feeder_runs
                and coalesce(kva_rec_raw, -1) = lag(coalesce(kva_rec_raw, -1)) over feeder_runs
                then 0
            else 1
        end as is_new
    from {{ ref('flat_runs') }}
    window feeder_runs as (partition by feeder order by run_start_at)
),

numbered as (
    select
        *,
        sum(is_new) over (
            partition by feeder order by run_start_at
            rows between unbounded preceding and current row
        ) as run
    from compared
)

select
    feeder,
    del_raw,
    rec_raw,
    cast(sum(interval_count) as bigint) as interval_count,
    cast(sum(outage_count) as bigint) as outage_count,
    min(run_start_at) as run_start_at,
    max(run_end_at) as run_end_at
from numbered
group by feeder, del_raw, rec_raw, run
