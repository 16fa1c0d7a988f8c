-- one row per feeder, or total: its missing and its expected intervals
select
    feeder,
    expected_intervals - actual_intervals as missing_intervals,
    expected_intervals
from planner_figures
where grain = 'all'
