-- one row per time bucket of $bucket_minutes: lowest and highest power of the total (MW)
select
    timezone(any_value(timezone), timezone('UTC', bucket_start_at)) as bucket_start,
    min(mw_total)::double as mw_net_min,
    max(mw_total)::double as mw_net_max
from (
    select
        *,
        time_bucket(to_minutes($bucket_minutes), interval_start_at, $first_start_at)
            as bucket_start_at
    from combined_profiles
)
group by bucket_start_at
order by bucket_start_at
