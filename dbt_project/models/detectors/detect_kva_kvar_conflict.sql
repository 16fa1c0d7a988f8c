-- kVA that kW and kvar cannot make: less than their root, or more than their sum, by more than
-- rounding. Channels in different units, of different meters, or with different multipliers.
-- An interval in which a flow turned is split between directions by each channel for itself: it is
-- judged by its sums. Values below 0 are found by detect_negative.
-- Rule, source and how often it fires: docs/rules.md#kva_kvar_conflict

{% set channels = [
    ('kw', 'del_raw', 'rec_raw'), ('kva', 'kva_del_raw', 'kva_rec_raw'),
    ('kvar', 'kvar_del_raw', 'kvar_rec_raw'),
] %}

with

{{ doubtful_channels('kvar_conflict_count', channels) }},

-- two values of each channel, and each of them rounded
counts as (
    select
        feeder,
        meter,
        2 * ({{ least_counts(channels) }}) as all_counts
    from readings
    group by feeder, meter
),

compared as (
    select
        readings.feeder,
        readings.local_date,
        {{ is_kva_too_low('counts.all_counts') }} as is_too_low,
        {{ is_kva_too_high('counts.all_counts') }} as is_too_high
    from readings
    inner join counts on readings.feeder = counts.feeder and readings.meter = counts.meter
),

days as (
    select
        feeder,
        local_date,
        count(*) filter (where is_too_low) as too_low_count,
        count(*) filter (where is_too_high) as too_high_count,
        count(*) as reading_count
    from compared
    group by feeder, local_date
    having bool_or(is_too_low or is_too_high)
),

sums as (
    select
        feeder,
        min(local_date) as first_date,
        max(local_date) as last_date,
        count(*) as day_count,
        sum(too_low_count) as too_low_count,
        sum(too_high_count) as too_high_count,
        sum(reading_count) as reading_count
    from days
    group by feeder
)

select
    case
        when too_low_count > 1 and 100 * too_low_count >= reading_count then 'fail'
        else 'warn'
    end as severity,
    feeder,
    first_date,
    last_date,
    'of kW and kvar, kVA is too low in ' || {{ counted('too_low_count', 'interval') }}
    || ' and too high in ' || {{ counted('too_high_count', 'interval') }}
    || ' on ' || {{ counted('day_count', 'day') }} as evidence,
    'see whether all three have one unit and one multiplier; MVA and power factors of the net are '
    || 'made of kW and kvar' as meaning
from sums
-- within an interval, reactive power that is given as its net may have turned
where too_low_count > 0 or 100 * too_high_count >= reading_count
