-- the same interval by interval, without those that have their first values again
select
    feeder,
    interval_start_at,
    each_once(cause) as cause,
    first(mw_net_before order by version) as mw_net_before,
    last(mw_net_after order by version) as mw_net_after,
    first(mva_net_before order by version) as mva_net_before,
    last(mva_net_after order by version) as mva_net_after,
    first(file_id_before order by version) as file_id_before,
    last(file_id_after order by version) as file_id_after
from version_intervals
where version > $earlier and version <= $later
group by feeder, interval_start_at
having (mw_net_before, mva_net_before, file_id_before)
    is distinct from (mw_net_after, mva_net_after, file_id_after)
order by feeder = 'total', feeder, interval_start_at
