-- one row per reading that carries the energy of what was missing, or 0, right before it

{{ config(materialized="ephemeral") }}

with

system as (
    select * from {{ ref('stg_system') }}
),

days as (
    select
        feeder,
        local_date,
        highest_mw,
        third_highest_mw
    from {{ ref('feeder_days') }}
    where feeder <> 'total' and known_minutes > 0
),

-- what comes right after intervals that are missing or 0, on a day on which no other comes near
holes as (
    select
        feeder,
        gap_start_at as hole_start_at,
        gap_end_at as hole_end_at,
        missing_intervals as interval_count
    from {{ ref('gaps') }}
    union all
    select
        feeder,
        run_start_at as hole_start_at,
        run_end_at as hole_end_at,
        interval_count
    from {{ ref('whole_runs') }}
    where del_raw = 0 and rec_raw = 0
),

lone_holes as (
    select holes.*
    from holes
    cross join system
    inner join days
        on
            holes.feeder = days.feeder
            and {{ local_day('holes.hole_end_at') }} = days.local_date
            and days.highest_mw > 1.5 * coalesce(days.third_highest_mw, 0)
),

resumed as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.interval_minutes,
        lone_holes.interval_count,
        lone_holes.hole_start_at,
        abs(cast(profiles.mw_net as double)) as mw
    from {{ ref('feeder_profiles') }} as profiles
    inner join lone_holes
        on
            profiles.feeder = lone_holes.feeder
            and profiles.interval_start_at = lone_holes.hole_end_at
    where profiles.mw_net <> 0 and profiles.can_be_peak
),

beside as (
    select
        resumed.*,
        abs(cast(befores.mw_net as double)) as before_mw,
        abs(cast(afters.mw_net as double)) as after_mw
    from resumed
    left join {{ ref('feeder_profiles') }} as befores
        on
            resumed.feeder = befores.feeder
            and {{ dbt.dateadd('minute', '-resumed.interval_minutes', 'resumed.hole_start_at') }}
            = befores.interval_start_at
    left join {{ ref('feeder_profiles') }} as afters
        on
            resumed.feeder = afters.feeder
            and {{ dbt.dateadd('minute', 'resumed.interval_minutes', 'resumed.interval_start_at') }}
            = afters.interval_start_at
),

shares as (
    select
        *,
        greatest(coalesce(before_mw, after_mw), coalesce(after_mw, before_mw)) as limit_mw,
        2 * mw / (interval_count + 1)
        / nullif(coalesce(before_mw, after_mw) + coalesce(after_mw, before_mw), 0) as share
    from beside
)

select
    feeder,
    interval_start_at,
    limit_mw
from shares
where
    mw > {{ var('catch_up_factor') }} * limit_mw
    -- the load of some hours is that of the neighbours, that of a day need not be
    and case
        when interval_count * interval_minutes <= 360 then share between 0.75 and 1.3
        else share between 0.4 and 2.5
    end
