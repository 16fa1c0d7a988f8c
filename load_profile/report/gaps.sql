-- one row per gap, the longest first
select
    feeder,
    gap_start_local as "first missing",
    gap_end_local as "until",
    missing_intervals as "intervals missing",
    gap_minutes / 60 as "hours"
from gaps
order by missing_intervals desc, feeder, gap_start_at
