-- The same load in another unit: all becomes 10, 100 or 1000 times as large or small at once. What
-- is above the level of most of the time makes no peak until it is settled.
-- Rule, source and how often it fires: docs/rules.md#unit_step

select
    'warn' as severity,
    steps.feeder,
    cast(steps.start_local as date) as first_date,
    cast(steps.start_local as date) as last_date,
    'from ' || {{ to_the_minute('steps.start_local') }} || ' on its values are '
    || case
        when steps.exponent > 0 then {{ shown('steps.factor') }} || ' times'
        when steps.exponent = -1 then 'a tenth of'
        when steps.exponent = -2 then 'a hundredth of'
        else 'a thousandth of'
    end || ' what they were: ' || {{ shown('steps.mw_before', 6) }}
    || ' MW on average before, ' || {{ shown('steps.mw_after', 6) }}
    || ' MW after, at the same times of day'
    || case when steps.level_before > 0 then '; no peak rests on what is before' else '' end
    || case when steps.level > 0 then '; no peak rests on what is after' else '' end
    || case
        when least(steps.minutes_before, steps.minutes_after) < 7 * 1440
            then
                '; as only ' || {{ shown(
                    'cast(least(steps.minutes_before, steps.minutes_after) as double) / 1440', 1
                ) }} || ' days are on one side, either side may be the wrong one'
        else ''
    end as evidence,
    case
        when max(meters.valid_from) is null
            then
                'another unit or decimal point: compare both with the display of the meter; end '
                || 'the row of meter-data.csv there with valid_to and add one from then on; what '
                || 'is too large needs the multiplier divided by '
                || {{ shown('max(steps.factor)') }} || ', what is too small multiplied by it'
        else 'meter-data.csv has an exchange then: check multiplier and channel_unit of its new row'
    end as meaning
from {{ ref('unit_steps') }} as steps
left join {{ ref('stg_meter_data') }} as meters
    on
        steps.feeder = meters.feeder
        and cast(meters.valid_from as date) between cast(steps.start_local as date) - 1
        and cast(steps.start_local as date) + 1
group by
    steps.feeder, steps.start_local, steps.exponent, steps.factor, steps.mw_before, steps.mw_after,
    steps.level_before, steps.level, steps.minutes_before, steps.minutes_after
