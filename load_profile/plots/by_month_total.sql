-- one row per month of the total
select
    period_start as month,
    peak_mw::double as peak_mw,
    min_mw::double as min_mw,
    net_mwh::double as net_mwh,
    is_lower_bound
from planner_figures
where grain = 'month' and feeder = 'total'
order by period_start
