-- A factor outside its range, shares that are not a whole, bins that lose energy: nothing of it can
-- be, whatever the meters say.
{{ config(meta={"dagster": {"ref": {"name": "planner_figures"}}}) }}

with

figures as (
    select * from {{ ref('planner_figures') }}
    where grain = 'month'
),

-- 1 mW of each feeder is lost where a share of an interval is rounded
shares as (
    select
        period_start,
        max(case when feeder = '*' then peak_mw end) as total_mw,
        sum(case when feeder <> '*' then coincident_mw end) as feeders_mw
    from figures
    group by period_start
),

bins as (
    select
        feeder,
        local_date,
        sum(del_mj) as del_mj,
        sum(rec_mj) as rec_mj,
        sum(net_mj) as net_mj,
        max(peak_mw) as peak_mw
    from {{ ref('time_of_use') }}
    where {{ is_untested('time_of_use', 'local_date') }}
    group by feeder, local_date
)

select
    feeder,
    period_start,
    'a figure is out of its range' as failure
from figures
where
    load_factor not between 0 and 1 + 1e-9
    or loss_factor not between 0 and 1 + 1e-6
    or completeness not between 0 and 1
    or coincidence_factor > 1 + 1e-9
    or peak_mw < min_mw
    or peak_30min_mw > peak_mw + 1e-9
    or peak_60min_mw > peak_mw + 1e-9
union all
select
    '*' as feeder,
    period_start,
    'the feeders do not add up to the peak of the total' as failure
from shares
where abs(total_mw - feeders_mw) > 0.000001
union all
select
    days.feeder,
    days.local_date as period_start,
    'the bins do not add up to the day' as failure
from {{ ref('feeder_days') }} as days
left join bins on days.feeder = bins.feeder and days.local_date = bins.local_date
where
    {{ is_untested('time_of_use', 'days.local_date', 'days.feeder') }}
    and (days.del_mj, days.rec_mj, days.net_mj, days.peak_mw)
    is distinct from (bins.del_mj, bins.rec_mj, bins.net_mj, bins.peak_mw)
