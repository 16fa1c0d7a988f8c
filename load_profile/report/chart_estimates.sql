-- one row per feeder, or total, and bucket with estimates: their mean and band (MW)
select
    name,
    case
        when $bucket_minutes % 1440 = 0
            then date_diff(
                'day', on_clock($first_start_at::timestamp)::date,
                on_clock(interval_start_at)::date
            ) // ($bucket_minutes // 1440)
        else date_diff('minute', $first_start_at::timestamp, interval_start_at) // $bucket_minutes
    end as bucket,
    min(low)::double as low,
    avg(mw::double) as middle,
    max(high)::double as high
from (
    select feeder as name, interval_start_at, mw_net as mw,
        coalesce(mw_net_low, mw_net) as low, coalesce(mw_net_high, mw_net) as high
    from final_exceptions
    where status = 'S'
    union all
    select 'total', interval_start_at, mw_final,
        coalesce(mw_final_low, mw_final), coalesce(mw_final_high, mw_final)
    from final_totals
    where quality = 'estimated'
)
group by name, bucket
order by bucket desc, name
limit $most
