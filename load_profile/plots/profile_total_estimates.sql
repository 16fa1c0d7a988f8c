-- one row per time bucket of $bucket_minutes in which the total rests on estimates: mean and band
select
    timezone(any_value(timezone), timezone('UTC', bucket_start_at)) as bucket_start,
    $bucket_minutes::int as minutes,
    min(coalesce(mw_final_low, mw_final))::double as low,
    avg(mw_final::double) as middle,
    max(coalesce(mw_final_high, mw_final))::double as high
from (
    select
        *,
        time_bucket(to_minutes($bucket_minutes), interval_start_at, $first_start_at)
            as bucket_start_at
    from final_totals
    where quality = 'estimated'
)
group by bucket_start_at
order by bucket_start_at
