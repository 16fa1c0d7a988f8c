-- the same interval by interval, without those that have their first values again; a file published
-- before there was reactive power has none
with
listed as (
    from version_intervals
    union all by name
    select null::double as mvar_net_before, null::double as mvar_net_after where false
)

select
    feeder,
    interval_start_at,
    each_once(cause) as cause,
    first(mw_net_before order by version) as mw_net_before,
    last(mw_net_after order by version) as mw_net_after,
    first(mva_net_before order by version) as mva_net_before,
    last(mva_net_after order by version) as mva_net_after,
    first(mvar_net_before order by version) as mvar_net_before,
    last(mvar_net_after order by version) as mvar_net_after,
    first(file_id_before order by version) as file_id_before,
    last(file_id_after order by version) as file_id_after
from listed
where version > $earlier and version <= $later
group by feeder, interval_start_at
having (mw_net_before, mva_net_before, mvar_net_before, file_id_before)
    is distinct from (mw_net_after, mva_net_after, mvar_net_after, file_id_after)
order by feeder = 'total', feeder, interval_start_at
