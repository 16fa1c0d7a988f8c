-- one row per feeder, or total, and bucket of $bucket_days whole days on the system's clock
select
    feeder,
    first_date + to_days(place * $bucket_days::int) as bucket_start,
    min(lowest_net_mw)::double as mw_net_min,
    max(highest_net_mw)::double as mw_net_max
from (
    select *, cast(date_diff('day', first_date, local_date) // $bucket_days as int) as place
    from feeder_days
    cross join (select min(local_date) as first_date from feeder_days)
)
group by feeder, first_date, place
order by feeder, place
