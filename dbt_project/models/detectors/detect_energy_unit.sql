-- Energy taken for power: active power is 1/4 (15 min) or 4 times what apparent power allows.
-- Rule, source and how often it fires: docs/rules.md#energy_unit

with

days as (
    select
        *,
        date_trunc('month', local_date) as month,
        cast(60 as double) / interval_minutes as intervals_per_hour
    from {{ ref('feeder_days') }}
    where kw_per_kva is not null
),

months as (
    select
        feeder,
        month,
        intervals_per_hour,
        min(local_date) as first_date,
        max(local_date) as last_date,
        {{ quantile('kw_per_kva', 0.5) }} as kw_per_kva
    from days
    group by feeder, month, intervals_per_hour
),

judged as (
    select
        *,
        kw_per_kva * intervals_per_hour between
        {{ var('energy_unit_lowest_power_factor') }} and 1.02
        and kw_per_kva < {{ var('energy_unit_highest_ratio') }} as is_energy,
        kw_per_kva / intervals_per_hour between
        {{ var('energy_unit_lowest_power_factor') }} and 1.02
        and kw_per_kva > 1.02 as is_multiplied
    from months
    where intervals_per_hour > 1
)

select
    'fail' as severity,
    feeder,
    cast(min(first_date) as date) as first_date,
    cast(max(last_date) as date) as last_date,
    'kW / kVA is ' || {{ shown(quantile('kw_per_kva', 0.5), 3) }} || ' in the middle of '
    || {{ shown('count(*)') }} || ' months, at ' || {{ shown('max(intervals_per_hour)') }}
    || ' intervals an hour' as evidence,
    case
        when is_energy
            then
                'kW looks like energy per interval while kVA is power: see channel_unit and the '
                || 'channels of the export; kW would be too low by that factor'
        else
            'kVA looks like energy per interval while kW is power: see channel_unit and the '
            || 'channels of the export; kVA would be too low by that factor'
    end as meaning
from judged
where is_energy or is_multiplied
group by feeder, is_energy
