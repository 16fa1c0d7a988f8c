-- one row per feeder and day from which on all of its power, low and high, is 2.4 to 6 times as
-- large or small as before: by quantiles of 14 days on either side, as what is multiplied moves
-- them all alike and a load that comes or goes does not

{% set shares = [0.5, 0.75, 0.9, 0.98] %}

with

turns as (
    select
        feeder,
        local_date,
        ln(watts_after / watts_before) as week_change
    from {{ ref('power_turns') }}
    where strength >= 1.7
),

readings as (
    select
        turns.feeder,
        turns.local_date,
        cast(round(1000000 * cast(profiles.mw_gross as double)) as bigint) as watts,
        {{ local_day('profiles.interval_start_at') }} >= turns.local_date as is_after
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join turns
        on
            profiles.feeder = turns.feeder
            and {{ local_day('profiles.interval_start_at') }} >= turns.local_date - 14
            and {{ local_day('profiles.interval_start_at') }} < turns.local_date + 14
    where profiles.mw_gross is not null
),

sides as (
    select
        feeder,
        local_date,
        is_after,
        {% for share in shares %}
            {{ quantile('watts', share) }} as watts_{{ loop.index }},
        {% endfor %}
        {{ quantile('watts', 0.25) }} as watts_low
    from readings
    group by feeder, local_date, is_after
),

changes as (
    select
        later.feeder,
        later.local_date,
        turns.week_change,
        {% for share in shares %}
            ln(cast(later.watts_{{ loop.index }} as double) / earlier.watts_{{ loop.index }})
                as change_{{ loop.index }},
        {% endfor %}
        -- what it rarely falls below; 0 on both sides where it stands still for a quarter
        earlier.watts_low + later.watts_low = 0 as is_idle,
        ln(nullif(cast(later.watts_low as double), 0) / nullif(earlier.watts_low, 0))
            as low_change,
        cast(earlier.watts_1 as double) / 1000000 as mw_before,
        cast(later.watts_1 as double) / 1000000 as mw_after
    from sides as later
    inner join sides as earlier
        on later.feeder = earlier.feeder and later.local_date = earlier.local_date
    inner join turns on later.feeder = turns.feeder and later.local_date = turns.local_date
    where
        later.is_after
        and not earlier.is_after
        {% for share in shares %}
            and later.watts_{{ loop.index }} > 0
            and earlier.watts_{{ loop.index }} > 0
        {% endfor %}
),

measured as (
    select
        *,
        (
            change_1 + change_2 + change_3 + change_4
            - greatest(change_1, change_2, change_3, change_4)
            - least(change_1, change_2, change_3, change_4)
        ) / 2 as middle_change,
        greatest(change_1, change_2, change_3, change_4)
        - least(change_1, change_2, change_3, change_4) as spread
    from changes
)

select
    feeder,
    local_date,
    mw_before,
    mw_after,
    exp(middle_change) as ratio
from measured
where
    abs(middle_change) between ln({{ var('large_step') }}) and ln(6)
    and spread < {{ var('large_step_spread') }} * abs(middle_change)
    and (is_idle or low_change / middle_change > 0.4)
    -- what grows over weeks has less of it in one
    and week_change / middle_change between 0.75 and 1.5
