-- Delivered and received exchanged: a meter connected or programmed the other way round. Either the
-- throughput turned, or, for feeders with flows in both directions, its hourly changes run against
-- those of the others and its own mean weekday is nearer to the one before when turned over.
-- Rule, source and how often it fires: docs/rules.md#swap

with

shifts as (
    select
        *,
        max(distance) over (partition by week_start_at) as greatest_distance
    from {{ ref('sibling_shifts') }}
),

reversed as (
    select shifts.*
    from shifts
    inner join {{ ref('own_shifts') }} as own
        on shifts.feeder = own.feeder and shifts.week_start_at = own.moment_at
    where
        own.own_reversed_distance < own.own_distance
        and shifts.distance >= {{ var('swap_distance') }}
        and {{ squared('shifts.reversed_distance / shifts.distance') }}
        <= {{ var('sibling_ratio') }}
        and shifts.distance >= 0.5 * shifts.greatest_distance
    qualify
        shifts.distance = max(shifts.distance) over (
            partition by shifts.feeder order by shifts.week_start_at
            range between interval 21 days preceding and interval 21 days following
        )
),

found as (
    select
        feeder,
        local_date as first_date,
        local_date as last_date,
        {{ shown('100 * share_before') }} || ' % of the throughput was delivered in the 14 days '
        || 'before, ' || {{ shown('100 * share_after') }} || ' % from then on' as evidence
    from {{ ref('flow_turns') }}
    union all
    select
        feeder,
        cast(week_start_at as date) as first_date,
        cast(week_start_at as date) + 6 as last_date,
        'since about then its changes run against those of the other feeders as before with them; '
        || 'reversed, '
        || {{ shown('100 * (1 - ' ~ squared('reversed_distance / distance') ~ ')') }}
        || ' % of the difference to the weeks before is gone' as evidence
    from reversed
    where not exists (
        select 1 from {{ ref('flow_turns') }} as turned
        where
            turned.feeder = reversed.feeder
            and abs({{ dbt.datediff(
                'turned.local_date', 'cast(reversed.week_start_at as date)', 'day'
            ) }}) <= 16
    )
)

select
    'warn' as severity,
    feeder,
    first_date,
    last_date,
    evidence,
    'delivered and received may be exchanged: see the wiring and the order of the channels, or '
    || 'what began to feed in' as meaning
from found
