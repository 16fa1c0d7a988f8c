-- one row per feeder, or total, and bucket of $bucket_minutes: lowest and highest power (MW)
select
    feeder as name,
    date_diff('minute', $first_start_at::timestamp, interval_start_at) // $bucket_minutes as bucket,
    min(mw)::double as low,
    max(mw)::double as high
from (
    select feeder, interval_start_at, mw_net as mw from feeder_profiles
    union all
    select 'total' as feeder, interval_start_at, mw_total as mw from combined_profiles
)
group by all
order by all
