-- one row per feeder, or `total`, day of the system's clock and time-of-use bin

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="plausible_months",
    part_time="local_date"
) }}

with

calendar as (
    select * from {{ ref('time_of_use_calendar') }}
),

dates as (
    select distinct
        local_date,
        substr(cast(local_date as string), 6) as month_day
    from {{ ref('feeder_days') }}
    where {{ is_in_dirty_part(ref('plausible_months'), 'local_date', '') }}
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
    select {{ each_of(list_of(range(24))) }} as local_hour
),

-- every hour has one bin, so that bins add up to the whole
hours as (
    select
        typed.local_date,
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
    group by typed.local_date, day_hours.local_hour
),

binned as (
    select
        intervals.feeder,
        intervals.local_date,
        hours.bin,
        cast(count(intervals.mw_net) as bigint) as reading_count,
        cast(sum(intervals.mw_del * intervals.actual_seconds) as decimal(38, 18)) as del_mj,
        cast(sum(intervals.mw_rec * intervals.actual_seconds) as decimal(38, 18)) as rec_mj,
        cast(sum(intervals.mw_net * intervals.actual_seconds) as decimal(38, 18)) as net_mj,
        max(case
            when intervals.can_be_peak and implausible.feeder is null then intervals.mw_net
        end) as peak_mw
    from {{ dated_intervals(ref('plausible_months')) }} as intervals
    inner join hours
        on
            intervals.local_date = hours.local_date
            and extract(hour from intervals.local_start) = hours.local_hour
    left join {{ ref('implausible_intervals') }} as implausible
        on
            intervals.feeder = implausible.feeder
            and intervals.interval_start_at = implausible.interval_start_at
    where
        {{ is_in_dirty_part(
            ref('plausible_months'), 'intervals.local_date', 'intervals.feeder'
        ) }}
    group by intervals.feeder, intervals.local_date, hours.bin
)

select
    binned.feeder,
    binned.local_date,
    typed.season,
    typed.day_type,
    binned.bin,
    binned.reading_count,
    binned.del_mj,
    binned.rec_mj,
    binned.net_mj,
    {{ rounded('cast(binned.del_mj as double) / 3600') }} as del_mwh,
    {{ rounded('cast(binned.rec_mj as double) / 3600') }} as rec_mwh,
    {{ rounded('cast(binned.net_mj as double) / 3600') }} as net_mwh,
    binned.peak_mw
from binned
inner join typed on binned.local_date = typed.local_date
