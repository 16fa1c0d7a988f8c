-- one row per feeder, or total, and bucket of whole days on the clock: a hundredth of the rows
select
    feeder as name,
    date_diff('day', on_clock($first_start_at::timestamp)::date, local_date)
        // ($bucket_minutes // 1440) as bucket,
    min(lowest_net_mw)::double as low,
    max(highest_net_mw)::double as high
from feeder_days
group by all
order by all
