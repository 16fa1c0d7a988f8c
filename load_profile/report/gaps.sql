-- one row per gap that nobody has acknowledged, the longest first
select
    feeder,
    gap_start_local as "first missing",
    gap_end_local as "until",
    missing_intervals as "intervals missing",
    gap_minutes / 60 as "hours"
from gaps
anti join acknowledged_gaps using (feeder, gap_start_at)
order by missing_intervals desc, feeder, gap_start_at
