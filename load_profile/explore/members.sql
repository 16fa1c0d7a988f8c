-- one row per feeder and final value that starts in the total's interval of that time
select
    values_then.feeder,
    values_then.interval_start_at,
    values_then.mw_net,
    values_then.total_factor,
    values_then.status
from (
    select feeder, interval_start_at, mw_net, total_factor, status from final_exceptions
    union all
    select feeder, interval_start_at, mw_net, total_factor, 'A'
    from feeder_profiles
    anti join final_exceptions using (feeder, interval_start_at)
    where interval_start_at >= $at and interval_start_at < $at + interval 1 day
) as values_then
inner join final_totals as total
    on
        values_then.interval_start_at >= total.interval_start_at
        and values_then.interval_start_at
        < total.interval_start_at + to_minutes(total.interval_minutes)
where total.interval_start_at = $at
order by feeder, values_then.interval_start_at
