-- one row per feeder, or total, of $rows and column of days: the share of intervals that is missing
select
    feeder,
    date_diff('day', $first_day::date, period_start) // $days_per_column as place,
    1 - sum(actual_intervals) / sum(expected_intervals) as share
from planner_figures
where grain = 'day' and expected_intervals > 0 and feeder in (select unnest($rows))
group by feeder, place
order by feeder, place
