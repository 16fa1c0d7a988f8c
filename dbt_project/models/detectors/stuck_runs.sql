-- one row per feeder and run of one value that is longer than chance explains: how often readings
-- near that value are followed by an equal one in the months around says how long runs get. A base
-- load of a few counts repeats itself, but not for days if it moves at other times.

{% set kw = 'cast(greatest(profiles.del_raw, profiles.rec_raw) as double)' %}

with

runs as (
    select
        *,
        cast(greatest(del_raw, rec_raw) as double) as kw,
        date_trunc('month', run_start_at) as month_start_at
    from {{ ref('whole_runs') }}
    where
        interval_count >= {{ var('stuck_intervals') }}
        and greatest(del_raw, rec_raw) > 0
        and outage_count = 0
),

levels as (
    select distinct
        feeder,
        month_start_at,
        kw
    from runs
),

-- the month before a run and the one after it began
spans as (
    select distinct
        feeder,
        month_start_at
    from runs
),

readings as (
    select
        profiles.feeder,
        spans.month_start_at,
        {{ kw }} as kw,
        {{ kw }} - lag({{ kw }}) over (
            partition by profiles.feeder, profiles.meter, spans.month_start_at
            order by profiles.interval_start_at
        ) as step
    from {{ ref('feeder_profiles') }} as profiles
    inner join spans
        on
            profiles.feeder = spans.feeder
            and profiles.interval_start_at >= spans.month_start_at - interval 1 month
            and profiles.interval_start_at < spans.month_start_at + interval 2 month
),

near as (
    select
        levels.feeder,
        levels.month_start_at,
        levels.kw,
        count(readings.step) as reading_count,
        count(readings.step) filter (
            where readings.kw between 0.75 * levels.kw and 1.25 * levels.kw
        ) as near_count,
        count(readings.step) filter (
            where readings.step = 0 and readings.kw between 0.75 * levels.kw and 1.25 * levels.kw
        ) as equal_count
    from levels
    inner join readings
        on
            levels.feeder = readings.feeder
            and levels.month_start_at = readings.month_start_at
    group by levels.feeder, levels.month_start_at, levels.kw
)

select
    runs.feeder,
    runs.run_start_at,
    runs.run_end_at,
    runs.interval_count,
    runs.kw
from runs
inner join near
    on
        runs.feeder = near.feeder
        and runs.month_start_at = near.month_start_at
        and runs.kw = near.kw
where
    runs.interval_count * ln(
        cast(greatest(near.equal_count - runs.interval_count, 0) + 1 as double)
        / (greatest(near.near_count - runs.interval_count, 0) + 2)
    ) + ln(near.reading_count) < ln({{ var('stuck_chance') }})
