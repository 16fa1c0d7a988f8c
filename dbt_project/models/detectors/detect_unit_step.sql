-- The same load in another unit: all becomes 10, 100 or 1000 times as large or small on a day.
-- Rule: see unit_steps. What stands above the level of the first days makes no peak until it is
-- settled; what is below it cannot raise one. Fires on 1 of 15 real feeders: campus
-- took a tenth from 2013-10-30 to 2013-11-11.

with

exchanges as (
    select
        feeder,
        cast(valid_from as date) as exchange_date
    from {{ ref('stg_meter_data') }}
    where valid_from is not null
)

select
    'unit_step' as rule,
    'warn' as severity,
    steps.feeder,
    steps.local_date as first_date,
    steps.local_date as last_date,
    'since ' || cast(steps.local_date as string) || ' its values are '
    || {{ shown('case when steps.exponent > 0 then steps.factor else 1 / steps.factor end') }}
    || ' times as ' || case when steps.exponent > 0 then 'large' else 'small' end
    || ' as before: ' || {{ shown('steps.mw_before', 6) }} || ' MW on average in the days before, '
    || {{ shown('steps.mw_after', 6) }} || ' MW in the days after'
    || case
        when steps.level > 0 then '; no peak rests on what is since then'
        else ''
    end as evidence,
    case
        when max(exchanges.exchange_date) is null
            then
                'another unit or decimal point: if it is, end the row of meter-data.csv there with '
                || 'valid_to and add one from then on with the multiplier divided by '
                || {{ shown('max(steps.factor)', 3) }}
        else 'meter-data.csv has an exchange then: check multiplier and channel_unit of its new row'
    end as meaning
from {{ ref('unit_steps') }} as steps
left join exchanges
    on
        steps.feeder = exchanges.feeder
        and exchanges.exchange_date between steps.local_date - 1 and steps.local_date + 1
group by
    steps.feeder, steps.local_date, steps.exponent, steps.factor, steps.mw_before, steps.mw_after,
    steps.level
