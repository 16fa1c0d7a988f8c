-- A reading out of proportion: a wild value, or peaks that the feeder did not have before. Days
-- with what detect_implausible has found are passed over.
-- Rule, source and how often it fires: docs/rules.md#spike

with

days as (
    select
        days.feeder,
        days.local_date,
        days.highest_mw,
        days.third_highest_mw,
        (days.highest_mw - days.third_highest_mw) / nullif(days.third_highest_mw, 0) as excess
    from {{ ref('feeder_days') }} as days
    anti join {{ ref('plausible_days') }} as others
        on days.feeder = others.feeder and days.local_date = others.local_date
    where days.known_minutes >= {{ var('full_day_minutes') }}
),

compared as (
    select
        *,
        max(third_highest_mw) over month_to_day as usual_mw,
        count(*) over days_before as count_before,
        count(*) over days_after as count_after,
        max(highest_mw) over days_before as peak_before,
        max(highest_mw) over days_after as peak_after
    from days
    window
        month_to_day as (
            partition by feeder order by local_date
            range between interval 30 days preceding and current row
        ),
        days_before as (
            partition by feeder order by local_date
            range between interval 28 days preceding and interval 1 day preceding
        ),
        days_after as (
            partition by feeder order by local_date
            range between current row and interval 27 days following
        )
),

spikes as (
    select *
    from compared
    where excess > {{ var('spike_excess') }} and highest_mw >= 0.1 * usual_mw
),

-- the day that rose most above all before it
rises as (
    select *
    from compared
    where
        least(count_before, count_after) >= 21
        and peak_after > {{ var('peak_rise') }} * peak_before
        and highest_mw > (1 + ({{ var('peak_rise') }} - 1) / 2) * peak_before
        and peak_before > 0
    qualify
        highest_mw / peak_before = max(highest_mw / peak_before) over (
            partition by feeder order by local_date
            range between interval 28 days preceding and interval 28 days following
        )
),

found as (
    select
        feeder,
        min(local_date) as first_date,
        max(local_date) as last_date,
        'on ' || {{ counted('count(*)', 'day') }} || ' the highest power stands alone; most on '
        || max_by(
            cast(local_date as string) || ': ' || {{ shown('highest_mw', 3) }}
            || ' MW, third-highest ' || {{ shown('third_highest_mw', 3) }} || ' MW',
            (excess, local_date)
        ) as evidence,
        'a wild reading, or a short test: compare with the neighbours in the log of the meter'
            as meaning
    from spikes
    group by feeder
    union all
    select
        feeder,
        local_date as first_date,
        local_date as last_date,
        {{ shown('highest_mw', 3) }} || ' MW that day and up to ' || {{ shown('peak_after', 3) }}
        || ' MW within 28 days; the 28 days before reached ' || {{ shown('peak_before', 3) }}
        || ' MW' as evidence,
        'peaks it did not have before: ask whether load was switched to this feeder, or the '
        || 'multiplier no longer fits' as meaning
    from rises
)

select
    'warn' as severity,
    feeder,
    first_date,
    last_date,
    evidence,
    meaning
from found
