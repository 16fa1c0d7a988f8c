-- the same of the total as $version had it
select
    'total' as name, interval_start_at, 60 * interval_minutes as seconds, start_local, timezone,
    mw_total as mw
from combined_profiles_as_of($version)
