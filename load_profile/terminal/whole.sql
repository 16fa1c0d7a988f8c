-- Figures of the whole period, by the names of their columns.
select *
from planner_figures
where feeder = 'total' and grain = 'all' and actual_intervals > 0
