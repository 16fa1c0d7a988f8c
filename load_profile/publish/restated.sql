-- one row per cause, feeder and months in a row whose published figures were changed by versions
-- since a moment; readings after the last published one restate nothing
select
    cause,
    feeder,
    strftime(min(month_start_at), '%Y-%m') as "first month",
    strftime(max(month_start_at), '%Y-%m') as "last month",
    sum(interval_count)::bigint as "intervals",
    (sum(coalesce(net_mwh_after, 0)) - sum(coalesce(net_mwh_before, 0))) as "net energy (MWh)",
    max(peak_mw_before) as "peak before (MW)",
    max(peak_mw_after) as "peak after (MW)",
    nullif(sum(intervals_lost), 0)::bigint as "no longer known"
from (
    select
        *,
        intervals_added + intervals_changed + intervals_removed as interval_count,
        year(month_start_at) * 12 + month(month_start_at)
            - row_number() over (partition by cause, feeder order by month_start_at) as run
    from version_months
    where cause <> 'new file' and version in (
        select version from versions where published_at >= $started::timestamp
    )
)
group by cause, feeder, run
order by cause, feeder = 'total', feeder, run
