-- one row per feeder and day of the system's clock: what else planner_figures needs, for which one
-- has to look at other feeders

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="day_months",
    part_time="local_date",
    part_feeder=""
) }}

with

system as (
    select * from {{ ref('stg_system') }}
),

{{ coincident_shares(
    ref('feeder_days'),
    is_in_dirty_part(ref('day_months'), 'days.local_date', ''),
    is_around_dirty_part(ref('day_months'), 'profiles.interval_start_at'),
) }},

dated as (
    select
        missing.feeder,
        missing.interval_minutes,
        {{ local_day('missing.interval_start_at') }} as local_date
    from {{ ref('missing_intervals') }} as missing
    cross join system
    where {{ is_around_dirty_part(ref('day_months'), 'missing.interval_start_at') }}
),

missing as (
    select
        feeder,
        local_date,
        cast(count(*) as bigint) as missing_count,
        cast(sum(interval_minutes) as bigint) as missing_minutes
    from dated
    where {{ is_in_dirty_part(ref('day_months'), 'local_date', '') }}
    group by feeder, local_date
)

select
    shares.coincident_mw,
    coalesce(shares.feeder, missing.feeder) as feeder,
    coalesce(shares.local_date, missing.local_date) as local_date,
    coalesce(missing.missing_count, 0) as missing_count,
    coalesce(missing.missing_minutes, 0) as missing_minutes
from shares
full join missing
    on shares.feeder = missing.feeder and shares.local_date = missing.local_date
