-- one row per feeder in the order of meter-data.csv: its zone and its place by largest power;
-- one without any reading goes last
select
    feeder,
    max_by(timezone, meter_data_row) as timezone,
    row_number() over (order by max(furthest_mw) desc nulls last, min(meter_data_row)) as place
from stg_meter_data
left join (
    select feeder, greatest(abs(peak_mw), abs(min_mw)) as furthest_mw
    from planner_figures
    where grain = 'all'
) using (feeder)
group by feeder
order by min(meter_data_row)
