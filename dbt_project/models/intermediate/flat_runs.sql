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
        feeder,
        interval_start_at,
        interval_minutes,
        kw_del,
        kw_rec,
        kva_del,
        kva_rec,
        -- what a meter calls an interval with a power failure differs
        case
            when event_type <> 'Normal' and (
                lower(event_type) like '%power%' or lower(event_type) like '%outage%'
            ) then 1
            else 0
        end as outages,
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
        coalesce(
            interval_start_at = lag(interval_end_at) over feeder_month
            and kw_del = lag(kw_del) over feeder_month
            and kw_rec = lag(kw_rec) over feeder_month
            and kva_del is not distinct from lag(kva_del) over feeder_month
            and kva_rec is not distinct from lag(kva_rec) over feeder_month,
            false
        ) as is_as_before,
        lag(outages) over feeder_month as outages_before
    from readings
    window feeder_month as (partition by feeder, month_start_at order by interval_start_at)
),

-- few readings are as the one before: only they are put together, and the first and last of a
-- month, which may go on in the next
kept as (
    select
        *,
        row_number() over (
            partition by
                feeder, month_start_at, kw_del, kw_rec, kva_del, kva_rec, interval_minutes
            order by interval_start_at
        ) as place
    from compared
    where
        is_as_before
        or interval_start_at = month_start_at
        or interval_end_at >= {{ add_month('month_start_at') }}
),

grouped as (
    select
        feeder,
        month_start_at,
        kw_del,
        kw_rec,
        kva_del,
        kva_rec,
        interval_minutes,
        min(interval_start_at) as first_start_at,
        max(interval_end_at) as run_end_at,
        count(*) as kept_count,
        sum(outages) as outages,
        -- the reading that the first one is equal to was not kept
        bool_and(is_as_before) as begins_before,
        min_by(outages_before, interval_start_at) as outages_before
    from kept
    group by
        feeder, month_start_at, kw_del, kw_rec, kva_del, kva_rec, interval_minutes,
        {{ add_minutes('interval_start_at', '-interval_minutes * place') }}
),

runs as (
    select
        feeder,
        month_start_at,
        kw_del,
        kw_rec,
        kva_del,
        kva_rec,
        interval_minutes,
        cast(outages + case when begins_before then outages_before else 0 end as bigint)
            as outage_count,
        case
            when begins_before then {{ add_minutes('first_start_at', '-interval_minutes') }}
            else first_start_at
        end as run_start_at,
        run_end_at,
        kept_count + case when begins_before then 1 else 0 end as interval_count
    from grouped
)

select * from runs
where
    interval_count >= 4
    or run_start_at = month_start_at
    or run_end_at >= {{ add_month('month_start_at') }}
