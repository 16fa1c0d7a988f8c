-- A system of less than a large house: the multiplier is meant for kW and channel_unit is W.
-- Rule, source and how often it fires: docs/rules.md#small_total

with

totals as (
    select
        cast(greatest(abs(max(highest_net_mw)), abs(min(lowest_net_mw))) as double) as highest_mw,
        min(local_date) as first_date,
        max(local_date) as last_date
    from {{ ref('feeder_days') }}
    where feeder = 'total'
),

units as (
    select {{ ordered_list('channel_unit') }} as units
    from {{ ref('stg_meter_data') }}
    where total_factor <> 0
)

select
    'warn' as severity,
    'total' as feeder,
    totals.first_date,
    totals.last_date,
    'the total peaks at ' || {{ shown('1000 * totals.highest_mw', 3) }}
    || ' kW; channel_unit in meter-data.csv is ' || units.units as evidence,
    case
        when units.units = 'kW'
            then
                'is the multiplier right, or kW meant for another unit? Raw value x multiplier is '
                || 'what channel_unit says: if it is MW, write 1,000 times the multiplier in each '
                || 'row of meter-data.csv'
        else
            'is channel_unit right? It says what raw value x multiplier is. If that is kW, write '
            || 'kW under channel_unit in each row of meter-data.csv (add the column at the end of '
            || 'its first line)'
    end as meaning
from totals
cross join units
where totals.highest_mw > 0 and totals.highest_mw < {{ var('small_total_mw') }}
