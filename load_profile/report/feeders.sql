-- one row per feeder, the highest peak first
select
    feeder,
    {figures}
    grade,
    is_lower_bound as "lower bound"
from planner_figures
where grain = 'all' and feeder <> 'total'
order by peak_mw desc nulls last, feeder
