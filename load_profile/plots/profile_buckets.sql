-- one row per feeder and time bucket of $bucket_minutes: lowest and highest power (MW)
select
    feeder,
    timezone(
        coalesce($zone::varchar, any_value(timezone)), timezone('UTC', bucket_start_at)
    ) as bucket_start,
    min(mw_net)::double as mw_net_min,
    max(mw_net)::double as mw_net_max,
    max(mw_del)::double as mw_del_max,
    max(mw_rec)::double as mw_rec_max
from (
    select
        *,
        time_bucket(to_minutes($bucket_minutes), interval_start_at, $first_start_at)
            as bucket_start_at
    from feeder_profiles
    where feeder in (select unnest($feeders))
)
group by feeder, bucket_start_at
order by feeder, bucket_start_at
