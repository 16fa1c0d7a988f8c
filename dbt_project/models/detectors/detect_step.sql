-- The power changes from one day to the next: by a ratio of standard current transformers, or all
-- of it by about as much. A transformer exchanged or tapped otherwise while meter-data.csv kept its
-- multiplier, energy exported for power, or a new multiplier where nothing changed. A change that
-- meter-data.csv makes good leaves no step.
-- Rule, source and how often it fires: docs/rules.md#step

with

steps as (
    select
        feeder,
        local_date,
        'daily mean ' || {{ shown('mw_before', 3) }} || ' MW in the 28 days before, '
        || {{ shown('mw_after', 3) }} || ' MW from then on: x ' || {{ shown('ratio', 3) }}
        || ', a ratio of current transformers is ' || {{ shown('standard_ratio', 3) }} as evidence
    from {{ ref('standard_steps') }}
    union all
    select
        feeder,
        local_date,
        'median ' || {{ shown('mw_before', 3) }} || ' MW in the 14 days before, '
        || {{ shown('mw_after', 3) }} || ' MW from then on; low and high power alike became x '
        || {{ shown('ratio', 2) }} as evidence
    from {{ ref('large_steps') }} as large
    where not exists (
        select 1 from {{ ref('standard_steps') }} as standard
        where
            standard.feeder = large.feeder
            and abs({{ dbt.datediff('standard.local_date', 'large.local_date', 'day') }}) <= 7
    )
)

select
    'warn' as severity,
    steps.feeder,
    steps.local_date as first_date,
    steps.local_date as last_date,
    steps.evidence,
    case
        when max(meters.valid_from) is null
            then
                'no exchange is in meter-data.csv: ask whether transformers or taps were changed, '
                || 'or the export has energy where it had power'
        else 'meter-data.csv has an exchange then: check the multiplier of its new row'
    end as meaning
from steps
left join {{ ref('stg_meter_data') }} as meters
    on
        steps.feeder = meters.feeder
        and cast(meters.valid_from as date) between steps.local_date - 1 and steps.local_date + 1
group by steps.feeder, steps.local_date, steps.evidence
