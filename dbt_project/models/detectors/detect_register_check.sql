-- Intervals that do not have the energy that the register counted: a wrong unit or multiplier, lost
-- or doubled readings, directions exchanged. Alike checks of a register are one finding.
-- Rule, source and how often it fires: docs/rules.md#register_check

with

checks as (
    select
        *,
        row_number() over (
            partition by feeder, meter, channel, changes order by from_at
        ) as place,
        count(*) over (partition by feeder, meter, channel, changes) as alike
    from {{ ref('register_checks') }}
    where verdict = 'differs'
),

ends as (
    select
        feeder,
        meter,
        channel,
        changes,
        max(until_local) as last_local
    from checks
    group by feeder, meter, channel, changes
)

select
    'fail' as severity,
    checks.feeder,
    cast(checks.from_local as date) as first_date,
    cast({{ dbt.dateadd('minute', -1, 'ends.last_local') }} as date) as last_date,
    checks.channel || ' of meter ' || checks.meter || ' from '
    || {{ to_the_minute('checks.from_local') }} || ' to '
    || {{ to_the_minute('checks.until_local') }} || ': intervals '
    || {{ shown('checks.interval_mwh', 3) }} || ', register '
    || {{ shown('checks.register_mwh', 3) }} || ', tolerance '
    || {{ shown('checks.tolerance_mwh', 3) }} || ' MWh'
    || case
        when checks.alike > 1
            then '; ' || {{ counted('checks.alike - 1', 'more pair') }} || ' of reads likewise'
        else ''
    end as evidence,
    checks.explanation || '; see meter-data.csv, the read and the files of that time' as meaning
from checks
inner join ends
    on
        checks.feeder = ends.feeder
        and checks.meter = ends.meter
        and checks.channel = ends.channel
        and checks.changes is not distinct from ends.changes
where checks.place = 1
