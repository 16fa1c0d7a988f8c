-- several versions one after the other: what was before the first, what is after the last
select
    feeder,
    month_start_at,
    each_once(cause) as cause,
    sum(intervals_added)::bigint as intervals_added,
    sum(intervals_changed)::bigint as intervals_changed,
    sum(intervals_removed)::bigint as intervals_removed,
    min(first_start_at) as first_start_at,
    max(last_start_at) as last_start_at,
    first(net_mwh_before order by version) as net_mwh_before,
    last(net_mwh_after order by version) as net_mwh_after,
    first(peak_mw_before order by version) as peak_mw_before,
    last(peak_mw_after order by version) as peak_mw_after
from version_months
where version > $earlier and version <= $later
group by feeder, month_start_at
order by feeder = 'total', feeder, month_start_at
