-- one row per gap of a feeder or the total, the longest first
select name, on_clock(gap_start_at), on_clock(gap_end_at)
from (
    select 'total' as name, gap_start_at, gap_end_at, missing_intervals from combined_gaps
    union all
    select feeder, gap_start_at, gap_end_at, missing_intervals from gaps
)
order by missing_intervals desc, name <> 'total', name, gap_start_at
limit $most
