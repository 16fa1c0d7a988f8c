-- one row per interval of the largest feeders (MW), a gap without value
select
    feeder,
    case
        when timezone = $timezone then start_local
        else timezone($timezone, timezone('UTC', interval_start_at))
    end as start_local,
    mw_net::double as mw
from feeder_profiles
where feeder in (select unnest($largest))
union all
select feeder, timezone($timezone, timezone('UTC', interval_start_at)), null
from missing_intervals
where feeder in (select unnest($largest))
