-- one row per time zone and stretch of its wall time with one offset to UTC

with

changes as (
    select
        timezone,
        utc_offset_minutes,
        new_utc_offset_minutes,
        new_utc_offset_minutes - utc_offset_minutes as change_minutes,
        {{ dbt.dateadd('minute', '-utc_offset_minutes', 'change_at_local') }} as change_at,
        least(change_at_local, {{ dbt.dateadd(
            'minute', '(new_utc_offset_minutes - utc_offset_minutes)', 'change_at_local'
        ) }}) as window_from,
        greatest(change_at_local, {{ dbt.dateadd(
            'minute', '(new_utc_offset_minutes - utc_offset_minutes)', 'change_at_local'
        ) }}) as window_to
    from {{ source('raw', 'clock_days') }}
    where change_at_local is not null
),

neighbours as (
    select
        *,
        lag(window_to) over (partition by timezone order by window_from) as previous_to,
        lead(window_from) over (partition by timezone order by window_from) as next_from
    from changes
),

-- what a clock shows twice (it was put back), or never (it was put forward)
windows as (
    select
        timezone,
        window_from as period_from,
        window_to as period_to,
        utc_offset_minutes,
        change_at,
        change_minutes,
        case when new_utc_offset_minutes < utc_offset_minutes then new_utc_offset_minutes end
            as second_offset_minutes,
        new_utc_offset_minutes > utc_offset_minutes as is_skipped
    from neighbours
),

before_changes as (
    select
        timezone,
        coalesce(previous_to, timestamp '0001-01-01') as period_from,
        window_from as period_to,
        utc_offset_minutes,
        change_at,
        change_minutes
    from neighbours
),

after_last_change as (
    select
        timezone,
        window_to as period_from,
        timestamp '9999-01-01' as period_to,
        new_utc_offset_minutes as utc_offset_minutes,
        cast(null as timestamp) as change_at,
        cast(null as bigint) as change_minutes
    from neighbours
    where next_from is null
),

fixed as (
    select
        timezone,
        timestamp '0001-01-01' as period_from,
        timestamp '9999-01-01' as period_to,
        max(utc_offset_minutes) as utc_offset_minutes,
        cast(null as timestamp) as change_at,
        cast(null as bigint) as change_minutes
    from {{ source('raw', 'clock_days') }}
    group by timezone
    having count(change_at_local) = 0
),

steady as (
    select * from before_changes
    union all
    select * from after_last_change
    union all
    select * from fixed
)

select
    timezone,
    period_from,
    period_to,
    utc_offset_minutes,
    cast(null as bigint) as second_offset_minutes,
    false as is_skipped,
    change_at,
    change_minutes
from steady
union all
select
    timezone,
    period_from,
    period_to,
    utc_offset_minutes,
    second_offset_minutes,
    is_skipped,
    change_at,
    change_minutes
from windows
