-- A factor outside its range, shares that are not a whole, bins that lose energy: nothing of it can
-- be, whatever the meters report.
{{ config(meta={"dagster": {"ref": {"name": "planner_figures"}}}) }}

with

figures as (
    select * from {{ ref('planner_figures') }}
    where grain = 'month'
),

-- a window belongs to the period in which it ends; in its first hour it reaches into the day before
last_days as (
    select
        figures.feeder,
        figures.period_start,
        max(days.peak_mw) as peak_mw
    from figures
    inner join {{ ref('feeder_days') }} as days
        on
            figures.feeder = days.feeder
            and {{ dbt.datediff('days.local_date', 'figures.period_start', 'day') }} = 1
    group by figures.feeder, figures.period_start
),

-- one total of weights that changed would be compared with another's peaks
weights as (
    select count(*) as changed_count
    from (
        select feeder
        from {{ ref('stg_meter_data') }}
        group by feeder
        having min(total_factor) <> max(total_factor)
    ) as changed
),

-- 1 mW of each feeder is lost where a share of an interval is rounded
shares as (
    select
        period_start,
        max(case when feeder = 'total' then peak_mw end) as total_mw,
        sum(case when feeder <> 'total' then coincident_mw end) as feeders_mw
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
    figures.feeder,
    figures.period_start,
    'a figure is out of its range' as failure
from figures
cross join weights
left join last_days
    on figures.feeder = last_days.feeder and figures.period_start = last_days.period_start
where
    figures.load_factor not between 0 and 1 + 1e-9
    or figures.loss_factor < 0
    -- squares are summed in whole 10^-12 MW2 s, which is much for a load of some milliwatts
    or (figures.loss_factor - 1 - 1e-6) * {{ squared(
        'cast(greatest(abs(figures.peak_mw), abs(figures.min_mw)) as double)'
    ) }} > 1e-14
    or figures.completeness not between 0 and 1
    -- a mean of shorter intervals is rounded to 1 mW, of each feeder
    or (
        weights.changed_count = 0
        and figures.coincidence_factor > 1 + 1e-9
        and figures.peak_mw > figures.noncoincident_mw + 0.000001
    )
    or figures.peak_mw < figures.min_mw
    or cast(greatest(figures.peak_30min_mw, figures.peak_60min_mw) as double)
    > cast(greatest(figures.peak_mw, last_days.peak_mw) as double) + 1e-9
    + 1e-12 * abs(cast(figures.peak_mw as double))
union all
select
    'total' as feeder,
    period_start,
    'the feeders do not add up to the peak of the total' as failure
from shares
where abs(total_mw - feeders_mw) > 0.000001 + 1e-12 * abs(cast(total_mw as double))
union all
select
    days.feeder,
    days.local_date as period_start,
    'the bins do not add up to the day' as failure
from {{ ref('feeder_days') }} as days
left join {{ ref('plausible_days') }} as others
    on days.feeder = others.feeder and days.local_date = others.local_date
left join bins on days.feeder = bins.feeder and days.local_date = bins.local_date
where
    {{ is_untested('time_of_use', 'days.local_date', 'days.feeder') }}
    and (
        days.del_mj,
        days.rec_mj,
        days.net_mj,
        case when others.feeder is null then days.peak_mw else others.peak_mw end
    )
    is distinct from (bins.del_mj, bins.rec_mj, bins.net_mj, bins.peak_mw)
