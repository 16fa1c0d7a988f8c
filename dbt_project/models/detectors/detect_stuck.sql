-- A meter, or the line to it, that repeats one value.
-- Rule: 8 intervals in a row in which no channel moves, at a value of 100 counts or more (a count
-- is the least value above 0 that the feeder ever showed): a small one in a coarse meter may stand.
-- Source: RULES V10 warns at 8; VEE practice has 3 or more, pvanalytics 6, OpenSTEF 24 h.
-- Fires on 1 of 13 real feeders: lls stands at 4,240 kW for 10 intervals and at 5,990 kW for 9,
-- while it usually moves by 870 kW from one to the next. wls, at one count, is silent.

with

runs as (
    select * from {{ ref('whole_runs') }}
),

counts as (
    select
        feeder,
        min(least_kw) as least_kw
    from {{ ref('feeder_days') }}
    group by feeder
),

stuck as (
    select runs.*
    from runs
    inner join counts on runs.feeder = counts.feeder
    where
        runs.interval_count >= {{ var('stuck_intervals') }}
        and greatest(runs.kw_del, runs.kw_rec) >= {{ var('stuck_counts') }} * counts.least_kw
        and runs.outage_count = 0
)

select
    'stuck' as rule,
    'warn' as severity,
    stuck.feeder,
    min({{ local_day('stuck.run_start_at') }}) as first_date,
    max({{ local_day('stuck.run_start_at') }}) as last_date,
    {{ shown('count(*)') }} || ' runs of {{ var("stuck_intervals") }} or more intervals with one '
    || 'value, the longest of ' || {{ shown('max(stuck.interval_count)') }} || ' at '
    || max_by(cast(
        {{ to_local('stuck.run_start_at', 'system.timezone') }} as string
    ), (stuck.interval_count, -{{ microseconds('stuck.run_start_at') }})) as evidence,
    'the meter or what reads it may have stood still: compare with its display or a neighbour'
        as meaning
from stuck
cross join {{ ref('stg_system') }} as system
group by stuck.feeder
