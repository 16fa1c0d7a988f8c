-- one row per interval of the largest feeders (MW), a gap without value, and whether it has passed
select
    feeder,
    case
        when timezone = $timezone then start_local
        else timezone($timezone, timezone('UTC', interval_start_at))
    end as start_local,
    mw_net::double as mw,
    (feeder, interval_start_at) not in (
        select (feeder, interval_start_at) from implausible_intervals
    ) as has_passed
from feeder_profiles
where feeder in (select unnest($largest))
union all
select feeder, timezone($timezone, timezone('UTC', interval_start_at)), null, false
from missing_intervals
where feeder in (select unnest($largest))
