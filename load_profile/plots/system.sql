-- one row if there is any reading: the system's clock and intervals, its span and its days
select
    system.timezone,
    system.net_convention,
    system.interval_minutes,
    span.first_start_at,
    span.minutes,
    days.first_day,
    days.days
from stg_system as system
cross join (
    select
        min(interval_start_at) as first_start_at,
        date_diff('minute', min(interval_start_at), max(interval_start_at)) as minutes
    from (
        select interval_start_at from combined_profiles
        union all
        select min(interval_start_at) from feeder_profiles
        union all
        select max(interval_start_at) from feeder_profiles
    )
) as span
cross join (
    select
        min(period_start) as first_day,
        date_diff('day', min(period_start), max(period_start)) + 1 as days
    from planner_figures
    where grain = 'day'
) as days
where days.days is not null and span.minutes is not null
