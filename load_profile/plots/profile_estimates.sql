-- one row per feeder and time bucket of $bucket_minutes with estimates: their mean and band (MW)
select
    feeder,
    timezone(
        coalesce($zone::varchar, any_value(timezone)), timezone('UTC', bucket_start_at)
    ) as bucket_start,
    $bucket_minutes::int as minutes,
    min(coalesce(mw_net_low, mw_net))::double as low,
    avg(mw_net::double) as middle,
    max(coalesce(mw_net_high, mw_net))::double as high
from (
    select
        *,
        time_bucket(to_minutes($bucket_minutes), interval_start_at, $first_start_at)
            as bucket_start_at
    from final_exceptions
    where status = 'S' and feeder in (select unnest($feeders))
)
group by feeder, bucket_start_at
order by feeder, bucket_start_at
