-- one row per series of $names: the net power (MW) reached in each of $shares of the known time
select
    names.place,
    list_transform(quantile_disc(-mw::double, $shares), lambda power: -power) as mw
from ({values}) as known
inner join (
    select unnest($names) as name, generate_subscripts($names, 1) - 1 as place
) as names using (name)
anti join (select feeder as name, interval_start_at from implausible_intervals) as implausible
    using (name, interval_start_at)
where
    mw is not null
    and interval_start_at >= make_timestamp_ms($from_ms)
    and interval_start_at < make_timestamp_ms($until_ms)
group by names.place
order by names.place
