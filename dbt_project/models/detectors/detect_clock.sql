-- A meter an hour off its siblings: its clock changed for daylight saving time and theirs did not,
-- or the other way round, or it was set.
-- Of several feeders in a week those count that moved at least half as far as the first: the
-- others see its shift in their sum. Where its own mean weekday did not move the same way
-- (own_shifts), the others moved, or the season.
-- Rule, source and how often it fires: docs/rules.md#clock

with

shifts as (
    select
        *,
        least(earlier_distance, later_distance) as moved_distance,
        max(distance) over (partition by week_start_at) as greatest_distance
    from {{ ref('sibling_shifts') }}
),

fired as (
    select shifts.*
    from shifts
    inner join {{ ref('own_shifts') }} as own
        on shifts.feeder = own.feeder and shifts.week_start_at = own.week_start_at
    where
        shifts.distance >= {{ var('sibling_distance') }}
        and {{ squared('shifts.moved_distance / shifts.distance') }} <= {{ var('sibling_ratio') }}
        and shifts.distance >= 0.5 * shifts.greatest_distance
        -- what turned over is not late
        and shifts.reversed_distance > shifts.moved_distance
        and case
            when shifts.earlier_distance < shifts.later_distance then own.own_earlier_distance
            else own.own_later_distance
        end < {{ var('own_ratio') }} * own.own_distance
),

-- neighbouring weeks see the same shift
turns as (
    select *
    from fired
    qualify
        distance = max(distance) over (
            partition by feeder order by week_start_at
            range between interval 42 days preceding and interval 42 days following
        )
)

select
    'warn' as severity,
    feeder,
    cast(week_start_at as date) as first_date,
    cast(week_start_at as date) + 6 as last_date,
    'since about then its changes come ' || case
        when earlier_distance < later_distance then 'an hour earlier'
        else 'an hour later'
    end || ' against those of the other feeders; moved back, '
    || {{ shown('100 * (1 - ' ~ squared('moved_distance / distance') ~ ')') }}
    || ' % of the difference to the weeks before is gone' as evidence,
    'its clock may have changed for daylight saving time alone, or not with the others: compare it '
    || 'with the time and with timezone in meter-data.csv' as meaning
from turns
