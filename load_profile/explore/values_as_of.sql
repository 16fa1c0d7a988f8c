-- the same of the feeder $name as $version had it
select
    feeder as name, interval_start_at, actual_seconds as seconds, start_local, timezone,
    mw_net as mw
from feeder_profiles_as_of($version, of_feeder := $name)
