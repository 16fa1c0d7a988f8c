-- Apparent power below active power by more than rounding: two channels in different units, of
-- different meters, or with different multipliers.
-- Below a twentieth of the highest power of these days a meter's error has no limit that counts.
-- An interval in which the flow turned is split between the directions by each channel for itself:
-- it is judged by its sums. Signs do not count: values below 0 are found by detect_negative.
-- Rule, source and how often it fires: docs/rules.md#kva_below_kw

{% set channels = [('kw', 'del_raw', 'rec_raw'), ('kva', 'kva_del_raw', 'kva_rec_raw')] %}

with

{{ doubtful_channels('kva_too_low_count', channels) }},

counts as (
    select
        feeder,
        meter,
        {{ least_counts(channels) }} as two_counts,
        0.05 * cast(max(greatest(
            del_raw, rec_raw, kva_del_raw, kva_rec_raw
        )) as double) as lowest_judged
    from readings
    group by feeder, meter
),

compared as (
    select
        readings.feeder,
        readings.local_date,
        case
            when readings.del_raw > 0 and readings.rec_raw > 0
                then
                    cast(readings.del_raw + readings.rec_raw as double)
                    > cast(readings.kva_del_raw + readings.kva_rec_raw as double) + greatest(
                        2 * counts.two_counts,
                        0.005 * cast(readings.kva_del_raw + readings.kva_rec_raw as double)
                    ) + 1e-9
            else
                cast(readings.del_raw as double)
                > cast(readings.kva_del_raw as double) + greatest(
                    counts.two_counts, 0.005 * cast(readings.kva_del_raw as double)
                ) + 1e-9
                or cast(readings.rec_raw as double)
                > cast(readings.kva_rec_raw as double) + greatest(
                    counts.two_counts, 0.005 * cast(readings.kva_rec_raw as double)
                ) + 1e-9
        end as is_too_low
    from readings
    inner join counts on readings.feeder = counts.feeder and readings.meter = counts.meter
    where
        cast(greatest(readings.del_raw, readings.rec_raw) as double) >= counts.lowest_judged
),

days as (
    select
        feeder,
        local_date,
        count(*) filter (where is_too_low) as too_low_count,
        count(*) as reading_count
    from compared
    group by feeder, local_date
    having bool_or(is_too_low)
)

select
    case
        when sum(too_low_count) > 1 and 100 * sum(too_low_count) >= sum(reading_count)
            then 'fail'
        else 'warn'
    end as severity,
    feeder,
    min(local_date) as first_date,
    max(local_date) as last_date,
    'kVA is below kW by more than rounding in ' || {{ counted('sum(too_low_count)', 'interval') }}
    || ' on ' || {{ counted('count(*)', 'day') }} as evidence,
    case
        when sum(too_low_count) > 1 and 100 * sum(too_low_count) >= sum(reading_count)
            then 'impossible: '
        else ''
    end || 'see whether both channels have one unit and one multiplier; the power factor there is '
    || 'shown as 1' as meaning
from days
group by feeder
