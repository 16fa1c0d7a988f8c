-- A dead channel: nothing for a day and more, while no outage was recorded.
-- Rule, source and how often it fires: docs/rules.md#zero_run

with

days as (
    select
        feeder,
        sum(zero_count) as zero_count,
        sum(reading_count) as reading_count
    from {{ ref('feeder_days') }}
    group by feeder
)

select
    'warn' as severity,
    dead.feeder,
    min({{ local_day('dead.run_start_at') }}) as first_date,
    max({{ local_day(dbt.dateadd('minute', '-1', 'dead.run_end_at')) }}) as last_date,
    {{ shown('max(days.zero_count)') }} || ' of ' || {{ shown('max(days.reading_count)') }}
    || ' intervals are 0; ' || {{ counted('count(*)', 'run') }}
    || ' of a day or more, the longest '
    || {{ shown('cast(max(dead.minutes) as double) / 60', 1) }} || ' h' as evidence,
    'dead channel, or a feeder out of use: see the meter, its fuses and transformers; if it stands '
    || 'by, end its row in meter-data.csv' as meaning
from {{ ref('zero_runs') }} as dead
inner join days on dead.feeder = days.feeder
cross join {{ ref('stg_system') }} as system
group by dead.feeder
