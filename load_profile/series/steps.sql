-- one row per step between neighbouring start times (microseconds): the most frequent one is the
-- interval
with
starts as (select distinct start_us from series_rows),

steps as (select start_us - lag(start_us) over (order by start_us) as step from starts)

select step, count(*)
from steps
where step is not null
group by step
order by count(*) desc, step asc
