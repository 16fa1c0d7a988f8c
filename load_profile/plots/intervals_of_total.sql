-- one row per interval of the total (MW), and whether it has passed
select
    'total' as feeder,
    start_local,
    mw_total::double as mw,
    interval_start_at not in (
        select interval_start_at from implausible_intervals where feeder = 'total'
    ) as has_passed
from combined_profiles
