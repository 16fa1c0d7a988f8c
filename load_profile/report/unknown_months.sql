-- one row per month in which the total is never known
select strftime(period_start, '%Y-%m')
from planner_figures
where feeder = 'total' and grain = 'month' and actual_intervals = 0
order by period_start
