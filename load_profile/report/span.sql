-- one row: the span of all intervals; a reading off the total's grid may begin or end outside
select
    on_clock(min(interval_start_at)),
    on_clock(max(interval_start_at + to_minutes(interval_minutes))),
    date_diff('minute', min(interval_start_at), max(interval_start_at)),
    min(interval_start_at)
from (
    select interval_start_at, interval_minutes from feeder_profiles
    union all
    select interval_start_at, interval_minutes from combined_profiles
)
