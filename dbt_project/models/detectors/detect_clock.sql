-- A meter's clock is an hour off from then on: it changed for daylight saving time and the others
-- did not, or the other way round, or it was set. Its own mean weekday must have moved by that hour
-- (own_shifts): without that the others moved, or the season. Two things begin it: its changes
-- moved against those of the other feeders (sibling_shifts), or an hour is missing or was read
-- twice (hour_jumps). Of several feeders in a week those count that moved at least half as far as
-- the first: the others see its shift in their sum.
-- Rule, source and how often it fires: docs/rules.md#clock

with

shifts as (
    select
        *,
        earlier_distance < later_distance as is_earlier,
        least(earlier_distance, later_distance) as moved_distance,
        max(distance) over (partition by week_start_at) as greatest_distance
    from {{ ref('sibling_shifts') }}
),

against_others as (
    select
        shifts.feeder,
        shifts.week_start_at,
        shifts.is_earlier,
        shifts.distance,
        {{ shown('100 * (1 - ' ~ squared('shifts.moved_distance / shifts.distance') ~ ')') }}
            as percent_gone
    from shifts
    inner join {{ ref('own_shifts') }} as own
        on shifts.feeder = own.feeder and shifts.week_start_at = own.moment_at
    where
        shifts.distance >= {{ var('sibling_distance') }}
        and {{ squared('shifts.moved_distance / shifts.distance') }} <= {{ var('sibling_ratio') }}
        and shifts.distance >= 0.5 * shifts.greatest_distance
        -- what turned over is not late
        and shifts.reversed_distance > shifts.moved_distance
        and case
            when shifts.is_earlier then own.own_earlier_distance else own.own_later_distance
        end < {{ var('own_ratio') }} * own.own_distance
),

-- neighbouring weeks see the same shift
turns as (
    select *
    from against_others
    qualify
        distance = max(distance) over (
            partition by feeder order by week_start_at
            range between interval 42 days preceding and interval 42 days following
        )
),

set_clocks as (
    select
        jumps.feeder,
        jumps.moment_at,
        jumps.hours_later
    from {{ ref('hour_jumps') }} as jumps
    inner join {{ ref('own_shifts') }} as own
        on jumps.feeder = own.feeder and jumps.moment_at = own.moment_at
    where
        case
            when jumps.hours_later = 1 then own.own_later_distance else own.own_earlier_distance
        end < {{ var('hour_ratio') }} * own.own_distance
),

found as (
    select
        feeder,
        cast(moment_at as date) as first_date,
        cast(moment_at as date) as last_date,
        case
            when hours_later = 1 then 'an hour is missing, and its mean weekday comes an hour later'
            else 'an hour was read twice, and its mean weekday comes an hour earlier'
        end || ' from then on' as evidence
    from set_clocks
    union all
    select
        turns.feeder,
        cast(turns.week_start_at as date) as first_date,
        cast(turns.week_start_at as date) + 6 as last_date,
        'since about then its changes come ' || case
            when turns.is_earlier then 'an hour earlier'
            else 'an hour later'
        end || ' against those of the other feeders; moved back, ' || turns.percent_gone
        || ' % of the difference to the weeks before is gone' as evidence
    from turns
    where not exists (
        select 1 from set_clocks as known
        where
            known.feeder = turns.feeder
            and abs({{ dbt.datediff(
                'cast(known.moment_at as date)', 'cast(turns.week_start_at as date)', 'day'
            ) }}) <= 42
    )
)

select
    'warn' as severity,
    feeder,
    first_date,
    last_date,
    evidence,
    'its clock may have changed for daylight saving time alone, or not with the others: compare it '
    || 'with the time and with timezone in meter-data.csv' as meaning
from found
