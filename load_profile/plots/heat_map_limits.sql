-- one row per feeder, or total, with implausible values: what all others are between (MW)
select feeder, min_mw::double, peak_mw::double
from planner_figures
where grain = 'all' and implausible_count > 0 and peak_mw is not null
order by feeder
