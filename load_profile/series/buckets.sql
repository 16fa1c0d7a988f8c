-- one row per bucket of the series. Half a step of tolerance: a clock that is seconds off must not
-- leave a bucket empty.
with
grid as (select unnest(range($buckets)) as bucket),

reduced as (
    select
        (start_us - $first + $step // 2) // $bucket_us as bucket,
        min(mw_net) as mw_net_min,
        max(mw_net) as mw_net_max
    from series_rows
    where mw_net is not null
    group by all
)

select
    make_timestamp($first + grid.bucket * $bucket_us) as bucket_start,
    coalesce(reduced.mw_net_min, 'nan'::double) as mw_net_min,
    coalesce(reduced.mw_net_max, 'nan'::double) as mw_net_max
from grid
left join reduced on grid.bucket = reduced.bucket
order by grid.bucket
