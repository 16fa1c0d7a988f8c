-- one row per series of $names and slot of the day: median, 10 % and 90 % by rank (MW) of the days
-- of $day_type, of all days where it is null
select
    place,
    minute::double as minute,
    quantile_disc(mw, 0.1) as low,
    quantile_disc(mw, 0.5) as median,
    quantile_disc(mw, 0.9) as high
from (
    select
        names.place,
        (hour(moment) * 60 + minute(moment)) // $slot_minutes * $slot_minutes as minute,
        moment::date as local_date,
        mw
    from (
        select
            name, interval_start_at, mw::double as mw,
            case
                when timezone = $zone then start_local
                else timezone($zone, timezone('UTC', interval_start_at))
            end as moment
        from ({values})
        where
            mw is not null
            and interval_start_at >= make_timestamp_ms($from_ms)
            and interval_start_at < make_timestamp_ms($until_ms)
    ) as known
    inner join (
        select unnest($names) as name, generate_subscripts($names, 1) - 1 as place
    ) as names using (name)
    anti join (select feeder as name, interval_start_at from implausible_intervals) as implausible
        using (name, interval_start_at)
)
where
    $day_type::varchar is null
    or local_date in (select local_date from time_of_use where day_type = $day_type)
group by place, minute
order by place, minute
