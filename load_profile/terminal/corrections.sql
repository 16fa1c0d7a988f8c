-- Values in another unit are no correction, see CONFLICTS.
select
    feeder,
    strftime(month, '%Y-%m') as "month",
    sum(corrected_intervals)::bigint as "intervals",
    any_value(corrected_days) as "days",
    sum(net_mwh_change)::double as "net energy (MWh)",
    first(peak_mw_before order by new_file_id)::double as "peak before (MW)",
    last(peak_mw_after order by new_file_id)::double as "peak after (MW)"
from correction_effects as corrected
where accepted_at >= ?
    and not exists (
        select 1
        from file_conflicts as conflict
        where conflict.factor is not null
            and conflict.feeder = corrected.feeder
            and conflict.new_file_id = corrected.new_file_id
            and corrected.month <= conflict.last_start_local
            and corrected.month >= date_trunc('month', conflict.first_start_local)
    )
group by feeder, corrected.month
order by feeder, corrected.month
