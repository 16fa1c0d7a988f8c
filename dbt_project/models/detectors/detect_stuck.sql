-- A meter, or the line to it, that repeats one value.
-- A count is the least difference of two readings in a row that a hundredth of those near the run
-- have: the least value ever seen is that of the base load.
-- Rule, source and how often it fires: docs/rules.md#stuck

with

runs as (
    select
        *,
        greatest(del_raw, rec_raw) as kw,
        {{ dbt.datediff('run_start_at', 'run_end_at', 'minute') }} as minutes
    from {{ ref('whole_runs') }}
    where
        interval_count >= {{ var('stuck_intervals') }}
        and greatest(del_raw, rec_raw) > 0
        and outage_count = 0
),

-- the month before a run and the one after it began
spans as (
    select distinct
        feeder,
        date_trunc('month', run_start_at) as month_start_at
    from runs
),

readings as (
    select
        profiles.feeder,
        profiles.meter,
        spans.month_start_at,
        abs(greatest(profiles.del_raw, profiles.rec_raw) - lag(
            greatest(profiles.del_raw, profiles.rec_raw)
        ) over (
            partition by profiles.feeder, profiles.meter, spans.month_start_at
            order by profiles.interval_start_at
        )) as step
    from {{ ref('feeder_profiles') }} as profiles
    inner join spans
        on
            profiles.feeder = spans.feeder
            and profiles.interval_start_at >= spans.month_start_at - interval 1 month
            and profiles.interval_start_at < spans.month_start_at + interval 2 month
),

counts as (
    select
        feeder,
        month_start_at,
        {{ quantile('nullif(step, 0)', 0.01) }} as count_kw
    from readings
    group by feeder, month_start_at
),

stuck as (
    select runs.*
    from runs
    inner join counts
        on
            runs.feeder = counts.feeder
            and date_trunc('month', runs.run_start_at) = counts.month_start_at
    where
        runs.kw >= {{ var('stuck_counts') }} * coalesce(counts.count_kw, 0)
        or (
            runs.minutes >= 1440
            and 10 * runs.kw >= {{ var('stuck_counts') }} * coalesce(counts.count_kw, 0)
        )
)

select
    'warn' as severity,
    stuck.feeder,
    min({{ local_day('stuck.run_start_at') }}) as first_date,
    max({{ local_day('stuck.run_start_at') }}) as last_date,
    {{ counted('count(*)', 'run') }}
    || ' of {{ var("stuck_intervals") }} or more intervals with one '
    || 'value, the longest of ' || {{ shown('max(stuck.interval_count)') }} || ' at '
    || max_by(cast(
        {{ to_local('stuck.run_start_at', 'system.timezone') }} as string
    ), (stuck.interval_count, -{{ microseconds('stuck.run_start_at') }})) as evidence,
    'the meter or what reads it may have stood still: compare with its display or a neighbour'
        as meaning
from stuck
cross join {{ ref('stg_system') }} as system
group by stuck.feeder
