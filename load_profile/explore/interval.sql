-- one row per reading or final value of $name that starts at a moment, as published
select
    coalesce(final.status, 'A') as status,
    final.method,
    case when final.status is null then known.mw_net else final.mw_net end as final_mw,
    final.mw_net_low as low_mw,
    final.mw_net_high as high_mw,
    known.mw_net as measured_mw,
    known.event_type,
    files.file_name,
    known.line_number
from (from feeder_profiles where feeder = $name and interval_start_at = $at) as known
full join (from final_exceptions where feeder = $name and interval_start_at = $at) as final
    using (feeder, interval_start_at)
left join files using (file_id)
