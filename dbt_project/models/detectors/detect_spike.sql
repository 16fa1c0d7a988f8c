-- A reading out of proportion to the rest of its day and to the days around. Days with what
-- detect_implausible has found are passed over, and those with a value that a decision accepts.
-- Rule, source and how often it fires: docs/rules.md#spike

with

accepted as (
    select
        doubted.feeder,
        {{ local_day('doubted.interval_start_at') }} as local_date
    from {{ ref('doubted_intervals') }} as doubted
    cross join {{ ref('stg_system') }} as system
    where doubted.accepted_by is not null
),

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
    anti join accepted
        on days.feeder = accepted.feeder and days.local_date = accepted.local_date
    where days.known_minutes >= {{ var('full_day_minutes') }}
),

compared as (
    select
        *,
        max(third_highest_mw) over month_to_day as usual_mw,
        max(third_highest_mw) over days_around as usual_around_mw,
        count(*) over days_around as count_around
    from days
    window
        month_to_day as (
            partition by feeder order by local_date
            range between interval 30 days preceding and current row
        ),
        days_around as (
            partition by feeder order by local_date
            range between interval 28 days preceding and interval 28 days following
        )
)

select
    'warn' as severity,
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
from compared
where
    excess > {{ var('spike_excess') }}
    and highest_mw >= 0.1 * usual_mw
    -- above what its other days reach too: an idle day with one start of a machine is none
    and count_around >= 7
    and highest_mw > {{ var('peak_rise') }} * usual_around_mw
group by feeder
