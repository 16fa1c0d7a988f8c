-- A dead channel: nothing for a day and more, while no outage was recorded.
-- Rule: 24 h of intervals in a row with 0 kW in both directions, no power failure among their event
-- types. Source: consecutive interval check (Oracle), zero consumption for an active meter (CPUC);
-- docs/rules.md#zero_run.
-- Fires on 1 of 13 real feeders: wls, dead in 8,428 of 8,832 intervals. hfdp, off for two hours,
-- stays silent. An idle feeder fires too: end its row in meter-data.csv.

with

runs as (
    select * from {{ ref('whole_runs') }}
),

dead as (
    select
        *,
        {{ dbt.datediff('run_start_at', 'run_end_at', 'minute') }} as minutes
    from runs
    where
        del_raw = 0
        and rec_raw = 0
        and outage_count = 0
        and {{ dbt.datediff(
            'run_start_at', 'run_end_at', 'minute'
        ) }} >= {{ var('zero_run_minutes') }}
),

days as (
    select
        feeder,
        sum(zero_count) as zero_count,
        sum(reading_count) as reading_count
    from {{ ref('feeder_days') }}
    group by feeder
)

select
    'zero_run' as rule,
    'fail' as severity,
    dead.feeder,
    min({{ local_day('dead.run_start_at') }}) as first_date,
    max({{ local_day(dbt.dateadd('minute', '-1', 'dead.run_end_at')) }}) as last_date,
    {{ shown('max(days.zero_count)') }} || ' of ' || {{ shown('max(days.reading_count)') }}
    || ' intervals are 0; ' || {{ counted('count(*)', 'run') }}
    || ' of a day or more, the longest '
    || {{ shown('cast(max(dead.minutes) as double) / 60', 1) }} || ' h' as evidence,
    'dead channel, or a feeder out of use: see the meter, its fuses and transformers; if it stands '
    || 'by, end its row in meter-data.csv' as meaning
from dead
inner join days on dead.feeder = days.feeder
cross join {{ ref('stg_system') }} as system
group by dead.feeder
