-- one row per span in which the total is unknown
select gap_start_local as gap_start, gap_end_local as gap_end, missing_intervals
from combined_gaps
order by gap_start_at
