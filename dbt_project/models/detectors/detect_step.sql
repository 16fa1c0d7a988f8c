-- The power changes from one day to the next by a ratio of standard current transformers: a
-- transformer exchanged or tapped otherwise while meter-data.csv kept its multiplier, or a new
-- multiplier where nothing changed. A change that meter-data.csv makes good leaves no step.
-- Rule, source and how often it fires: docs/rules.md#step

select
    'warn' as severity,
    standard.feeder,
    standard.local_date as first_date,
    standard.local_date as last_date,
    'daily mean ' || {{ shown('standard.mw_before', 3) }} || ' MW in the 28 days before, '
    || {{ shown('standard.mw_after', 3) }} || ' MW from then on: x '
    || {{ shown('standard.ratio', 3) }} || ', a ratio of current transformers is '
    || {{ shown('standard.standard_ratio', 3) }} as evidence,
    case
        when max(meters.valid_from) is null
            then 'no exchange is in meter-data.csv: ask whether transformers or taps were changed'
        else 'meter-data.csv has an exchange then: check the multiplier of its new row'
    end as meaning
from {{ ref('standard_steps') }} as standard
left join {{ ref('stg_meter_data') }} as meters
    on
        standard.feeder = meters.feeder
        and cast(meters.valid_from as date) between standard.local_date - 1
        and standard.local_date + 1
group by
    standard.feeder, standard.local_date, standard.mw_before, standard.mw_after, standard.ratio,
    standard.standard_ratio
