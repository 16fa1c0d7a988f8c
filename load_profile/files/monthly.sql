-- one row: the lines of all months, the total first, as in the report
select coalesce(string_agg(
    {line}, chr(10) order by feeder <> 'total', feeder, period_start
) || chr(10), '')
from planner_figures
where grain = 'month'
