-- Apparent power below active power by more than rounding: two channels in different units, of
-- different meters, or with different multipliers.
-- Rule: in a direction kW > kVA + max(0.01 raw, 0.5 %), counted in feeder_days. Source: RULES P1.
-- Silent where kVA is unknown. Fires on none of 13 real feeders.

select
    'kva_below_kw' as rule,
    'fail' as severity,
    feeder,
    min(local_date) as first_date,
    max(local_date) as last_date,
    'kVA is below kW by more than rounding in ' || {{ shown('sum(kva_too_low_count)') }}
    || ' intervals on ' || {{ shown('count(*)') }} || ' days' as evidence,
    'impossible: see whether both channels have one unit and one multiplier; the power factor '
    || 'there is shown as 1' as meaning
from {{ ref('feeder_days') }}
where kva_too_low_count > 0
group by feeder
