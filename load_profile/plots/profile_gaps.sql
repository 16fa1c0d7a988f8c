-- one row per feeder and gap, on the clock of $zone or, where it is null, on the feeder's own
select
    feeder,
    coalesce(timezone($zone::varchar, timezone('UTC', gap_start_at)), gap_start_local) as gap_start,
    coalesce(timezone($zone::varchar, timezone('UTC', gap_end_at)), gap_end_local) as gap_end,
    missing_intervals
from gaps
where feeder in (select unnest($feeders))
order by feeder, gap_start_at
