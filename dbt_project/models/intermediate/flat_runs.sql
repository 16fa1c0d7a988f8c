-- one row per feeder and run of 4 or more equal readings in a row, cut where a UTC month ends

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="run_start_at"
) }}

with

readings as (
    select
        *,
        date_trunc('month', interval_start_at) as month_start_at,
        {{ add_minutes('interval_start_at', 'interval_minutes') }} as interval_end_at
    from {{ ref('feeder_profiles') }}
    where
        {{ is_in_dirty_part(ref('read_months'), 'interval_start_at') }}
        and kw_del is not null
        and kw_rec is not null
),

compared as (
    select
        *,
        case
            when
                interval_start_at = lag(interval_end_at) over feeder_month
                and meter = lag(meter) over feeder_month
                and kw_del = lag(kw_del) over feeder_month
                and kw_rec = lag(kw_rec) over feeder_month
                and coalesce(kva_del, -1) = lag(coalesce(kva_del, -1)) over feeder_month
                and coalesce(kva_rec, -1) = lag(coalesce(kva_rec, -1)) over feeder_month
                then 0
            else 1
        end as is_new
    from readings
    window feeder_month as (partition by feeder, month_start_at order by interval_start_at)
),

numbered as (
    select
        *,
        sum(is_new) over (
            partition by feeder, month_start_at order by interval_start_at
            rows between unbounded preceding and current row
        ) as run
    from compared
),

runs as (
    select
        feeder,
        month_start_at,
        meter,
        kw_del,
        kw_rec,
        kva_del,
        kva_rec,
        interval_minutes,
        -- what a meter calls an interval with a power failure differs
        cast(sum(case
            when lower(event_type) like '%power%' or lower(event_type) like '%outage%' then 1
            else 0
        end) as bigint) as outage_count,
        min(interval_start_at) as run_start_at,
        max(interval_end_at) as run_end_at,
        count(*) as interval_count
    from numbered
    group by
        feeder, month_start_at, meter, kw_del, kw_rec, kva_del, kva_rec, interval_minutes, run
)

select * from runs
-- a short run at the edge of a month may go on in the next
where
    interval_count >= 4
    or run_start_at = month_start_at
    or run_end_at >= {{ add_month('month_start_at') }}
