select
    count(*),
    count(mw_total),
    min(start_local),
    max(start_local) + to_minutes(max(interval_minutes)),
    any_value(timezone),
    count(mw_total) filter (not can_be_peak),
    any_value(interval_minutes)
from combined_profiles
