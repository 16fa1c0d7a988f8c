-- one row per interval of a feeder, or of total: its measured net power (MW)
select
    feeder as name, interval_start_at, actual_seconds as seconds, start_local, timezone,
    mw_net as mw
from feeder_profiles
union all
select
    'total', interval_start_at, 60 * interval_minutes, start_local, timezone,
    mw_total
from combined_profiles
