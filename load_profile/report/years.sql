-- one row per year of the total
select
    strftime(period_start, '%Y') as year,
    {figures}
    100 * period_share as "of the year (%)",
    is_lower_bound as "lower bound"
from planner_figures
where grain = 'year' and feeder = 'total'
order by period_start
