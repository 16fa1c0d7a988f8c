-- one row per feeder over the last 12 months, from the largest power down
with

months as (
    select distinct period_start as month
    from planner_figures
    where grain = 'month'
    order by month desc
    limit 12
),

feeders as (
    select unnest($feeders) as feeder, generate_subscripts($feeders, 1) as place
),

figures as (
    select planner_figures.*
    from planner_figures
    inner join months on planner_figures.period_start = months.month
    where planner_figures.grain = 'month'
)

select
    feeder,
    max(peak_mw)::double as peak_mw,
    min(min_mw)::double as min_mw,
    sum(net_mwh)::double as net_mwh,
    coalesce(bool_or(is_lower_bound), true) as is_lower_bound,
    (select min(month) from months) as first_month,
    (select max(month) from months) as last_month
from feeders
left join figures using (feeder)
group by feeder
order by greatest(abs(max(peak_mw)), abs(min(min_mw))) desc nulls last, min(place)
