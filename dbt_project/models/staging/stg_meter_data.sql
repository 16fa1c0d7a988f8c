-- one row per feeder and period of validity

with

meters as (
    select * from {{ source('raw', 'meter_data') }}
),

clock as (
    select * from {{ source('raw', 'clock_days') }}
),

-- a zone's whole hours are the same in every season; half-hour zones shift the grid of intervals
zones as (
    select
        timezone,
        max_by(utc_offset_minutes, local_date) as utc_offset_minutes
    from clock
    group by timezone
)

select
    meters.meter_data_row,
    meters.feeder,
    lower(meters.feeder) as feeder_key,
    meters.meter,
    meters.multiplier,
    meters.channel_unit,
    meters.interval_minutes,
    meters.timezone,
    meters.valid_from,
    meters.valid_to,
    meters.total_factor,
    meters.rating_mva,
    meters.channel,
    meters.directions,
    coalesce(meters.register_multiplier, meters.multiplier) as register_multiplier,
    meters.register_digits,
    -- raw value x mw_factor = MW, MVA averaged over the interval
    cast(
        cast(meters.multiplier as decimal(24, 6))
        * case meters.channel_unit
            when 'W' then cast(0.000001 as decimal(7, 6))
            when 'kW' then cast(0.001 as decimal(7, 6))
            when 'MW' then cast(1 as decimal(7, 6))
            when 'Wh' then cast(0.000001 as decimal(7, 6))
            when 'kWh' then cast(0.001 as decimal(7, 6))
            when 'MWh' then cast(1 as decimal(7, 6))
        end
        * case
            when meters.channel_unit like '%h'
                then {{ whole_quotient('60', 'meters.interval_minutes') }}
            else 1
        end
        as decimal(24, 12)
    ) as mw_factor,
    {{ on_utc_clock('meters.valid_from', 'clock_from') }} as valid_from_at,
    {{ on_utc_clock('meters.valid_to', 'clock_to') }} as valid_to_at,
    mod(-zones.utc_offset_minutes, meters.interval_minutes) as grid_shift_minutes
from meters
left join zones on meters.timezone = zones.timezone
left join clock as clock_from
    on
        meters.timezone = clock_from.timezone
        and cast(meters.valid_from as date) = clock_from.local_date
left join clock as clock_to
    on
        meters.timezone = clock_to.timezone
        and cast(meters.valid_to as date) = clock_to.local_date
