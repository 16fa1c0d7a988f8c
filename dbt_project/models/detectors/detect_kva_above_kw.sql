-- Apparent power of 10 times the active power and more all day: kVA in another unit.
-- Rule, source and how often it fires: docs/rules.md#kva_above_kw

select
    'warn' as severity,
    feeder,
    min(local_date) as first_date,
    max(local_date) as last_date,
    'kVA is ' || {{ shown('1 / max(kw_per_kva)', 1) }} || case
        when max(kw_per_kva) > 1.001 * min(kw_per_kva)
            then ' to ' || {{ shown('1 / min(kw_per_kva)', 1) }}
        else ''
    end || ' times kW all day on ' || {{ counted('count(*)', 'day') }} as evidence,
    'see whether both channels have one unit and one multiplier; right only for a feeder of '
    || 'capacitors or without load' as meaning
from {{ ref('feeder_days') }}
where
    feeder <> 'total'
    and known_minutes >= {{ var('full_day_minutes') }}
    and kw_per_kva > 0
    and kw_per_kva <= 0.1
group by feeder
