-- one row per feeder, season, day type ($day_type, or all where it is null) and slot of the day:
-- median, 10 % and 90 % of power by rank (MW), without what failed
select
    feeder,
    season,
    day_type,
    minute,
    count(distinct local_date) as days,
    quantile_disc(mw, 0.1) as low,
    quantile_disc(mw, 0.5) as median,
    quantile_disc(mw, 0.9) as high
from (
    select
        intervals.feeder,
        days.season,
        days.day_type,
        (
            extract(hour from intervals.start_local) * 60
            + extract(minute from intervals.start_local)
        ) // $slot_minutes * $slot_minutes as minute,
        days.local_date,
        intervals.mw
    from intervals
    inner join (select distinct local_date, season, day_type from time_of_use) as days
        on intervals.start_local::date = days.local_date
    where
        intervals.mw is not null
        and intervals.has_passed
        and ($day_type::varchar is null or days.day_type = $day_type)
)
group by feeder, season, day_type, minute
order by feeder, min(min(local_date)) over (partition by season), season, day_type, minute
