-- one row per feeder and moment at which a step to another unit may be: where the values jump most
-- in two days of which one has 4 times the third-highest or lowest power of the other, see
-- unit_steps

{{ config(materialized="ephemeral") }}

with

days as (
    select
        feeder,
        local_date,
        third_highest_mw as high_mw,
        abs(cast(lowest_net_mw as double)) as low_mw,
        lag(local_date) over feeder_days as before_date,
        lag(third_highest_mw) over feeder_days as before_high_mw,
        lag(abs(cast(lowest_net_mw as double))) over feeder_days as before_low_mw
    from {{ ref('feeder_days') }}
    where feeder <> 'total' and third_highest_mw > 0
    window feeder_days as (partition by feeder order by local_date)
),

changes as (
    {% for power in ['high_mw', 'low_mw'] %}
        select
            feeder,
            local_date,
            before_date,
            {{ power }} > before_{{ power }} as is_up
        from days
        where
            least({{ power }}, before_{{ power }}) > 0
            and ({{ power }} > 4 * before_{{ power }} or before_{{ power }} > 4 * {{ power }})
        {{ "union" if not loop.last }}
    {% endfor %}
),

jumps as (
    select changes.*
    from changes
    anti join {{ ref('register_runs') }} as runs
        on changes.feeder = runs.feeder and runs.channel = 'kW'
),

pairs as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        jumps.local_date,
        jumps.is_up,
        cast(profiles.mw_gross as double) as mw,
        lag(cast(profiles.mw_gross as double)) over (
            partition by profiles.feeder, jumps.local_date, jumps.is_up
            order by profiles.interval_start_at
        ) as before_mw
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join jumps
        on
            profiles.feeder = jumps.feeder
            and {{ local_day('profiles.interval_start_at') }} >= jumps.before_date
            and {{ local_day('profiles.interval_start_at') }} <= jumps.local_date
    where profiles.mw_gross > 0
),

largest as (
    select
        feeder,
        interval_start_at
    from pairs
    where before_mw is not null
    qualify
        row_number() over (
            partition by feeder, local_date, is_up
            order by
                case when is_up then mw / before_mw else before_mw / mw end desc,
                interval_start_at
        ) = 1
)

select distinct
    feeder,
    interval_start_at as start_at
from largest
