-- one row per month of the total and of every feeder
select
    feeder,
    strftime(period_start, '%Y-%m') as month,
    {figures}
    100 * period_share as "of the month (%)",
    is_lower_bound as "lower bound"
from planner_figures
where grain = 'month'
order by planner_figures.feeder <> 'total', planner_figures.feeder, period_start
