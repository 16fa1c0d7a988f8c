-- one row per day with readings and hour of the system's clock: its season, day type and bin; every
-- hour has one bin, so that bins add up to the whole

with

calendar as (
    select * from {{ ref('time_of_use_calendar') }}
),

dates as (
    select distinct
        local_date,
        substr(cast(local_date as string), 6) as month_day
    from {{ ref('feeder_days') }}
),

-- a season may reach over the end of the year
seasons as (
    select
        dates.local_date,
        min(calendar.name) as season
    from dates
    inner join calendar
        on
            calendar.kind = 'season'
            and case
                when calendar.first_day <= calendar.last_day
                    then dates.month_day between calendar.first_day and calendar.last_day
                else
                    dates.month_day >= calendar.first_day
                    or dates.month_day <= calendar.last_day
            end
    group by dates.local_date
),

holidays as (
    select distinct dates.local_date
    from dates
    inner join calendar
        on
            calendar.kind = 'holiday'
            and calendar.first_day in (dates.month_day, cast(dates.local_date as string))
),

typed as (
    select
        dates.local_date,
        coalesce(seasons.season, 'all year') as season,
        case
            when holidays.local_date is not null then 'holiday'
            when {{ weekday('dates.local_date') }} >= 6 then 'weekend'
            else 'weekday'
        end as day_type
    from dates
    left join seasons on dates.local_date = seasons.local_date
    left join holidays on dates.local_date = holidays.local_date
),

day_hours as (
    select {{ each_of(dbt.array_construct(range(24))) }} as local_hour
)

select
    typed.local_date,
    typed.season,
    typed.day_type,
    day_hours.local_hour,
    coalesce(min(calendar.name), 'off_peak') as bin
from typed
cross join day_hours
left join calendar
    on
        calendar.kind = 'bin'
        and coalesce(typed.season = calendar.season, true)
        and coalesce(typed.day_type = calendar.day_type, true)
        and day_hours.local_hour >= calendar.first_hour
        and day_hours.local_hour < calendar.until_hour
group by typed.local_date, typed.season, typed.day_type, day_hours.local_hour
