-- one row per feeder, or `total`, and day, month and year of the system's clock, or all: sums,
-- extremes and when they were

{{ config(materialized="ephemeral") }}

with

-- not a window over all days, which one task of a cluster would have to hold
first_days as (
    select min(day) as first_date from {{ ref('planner_days') }}
),

grains as (
    {{ grains() }}
),

graded as (
    select
        days.*,
        grains.grain,
        {{ period_start('grains.grain', 'days.day', 'first_days.first_date') }} as period_start
    from {{ ref('planner_days') }} as days
    cross join grains
    cross join first_days
),

sums as (
    select
        grain,
        period_start,
        name as feeder,
        cast(coalesce(sum(actual_count), 0) as bigint) as actual_intervals,
        cast(coalesce(sum(on_grid_count), 0) + sum(missing_count) as bigint)
            as expected_intervals,
        {% for kind in ['del', 'rec', 'net', 'gross', 'load', 'active', 'apparent'] -%}
            cast(sum({{ kind }}_mj) as double) as {{ kind }}_mj,
        {% endfor -%}
        {% for kind in ['del', 'rec', 'net'] -%}
            cast(sum({{ kind }}_mvars) as double) as {{ kind }}_mvars,
        {% endfor -%}
        coalesce(sum(unpaired_count), 0) as unpaired_count,
        -- with a decimal: DuckDB rounds a 128-bit integer twice on its way to a double
        cast(cast(sum(w2_seconds) as decimal(38, 1)) as double) as w2_seconds,
        cast(coalesce(sum(actual_minutes), 0) as bigint) as actual_minutes,
        cast(coalesce(sum(evaluated_minutes), 0) as bigint) as evaluated_minutes,
        cast(coalesce(sum(on_grid_minutes), 0) + sum(missing_minutes) as bigint)
            as expected_minutes,
        cast(sum(implausible_count) as bigint) as implausible_count,
        nullif(sum(evaluated_seconds), 0) as evaluated_seconds,
        max(peak_mw) as peak_mw,
        min(min_mw) as min_mw,
        max(peak_mva) as peak_mva,
        max(utilisation) as utilisation,
        max(peak_30min_mw) as peak_30min_mw,
        max(peak_60min_mw) as peak_60min_mw,
        max(weighted_peak_mw) as weighted_peak_mw,
        max(measured_peak_mw) as measured_peak_mw,
        min(measured_min_mw) as measured_min_mw
    from graded
    group by name, grain, period_start
),

-- when it was so; a join, as a window would carry every column through a sort
extremes as (
    select
        sums.grain,
        sums.period_start,
        sums.feeder,
        cast(sum(case when graded.peak_mw = sums.peak_mw then graded.peak_count end) as bigint)
            as peak_count,
        cast(sum(case when graded.min_mw = sums.min_mw then graded.min_count end) as bigint)
            as min_count,
        min(case when graded.peak_mw = sums.peak_mw then graded.peak_at end) as peak_at,
        min(case when graded.peak_mw = sums.peak_mw then graded.day end) as peak_date,
        min(case when graded.min_mw = sums.min_mw then graded.min_at end) as min_at,
        min(case when graded.peak_mva = sums.peak_mva then graded.peak_mva_at end) as peak_mva_at,
        {{ first_known(
            'graded.peak_mva_pf',
            'case when graded.peak_mva = sums.peak_mva then graded.peak_mva_at end'
        ) }} as peak_mva_pf,
        min(case
            when graded.measured_peak_mw = sums.measured_peak_mw then graded.measured_peak_at
        end) as measured_peak_at,
        min(case
            when graded.measured_min_mw = sums.measured_min_mw then graded.measured_min_at
        end) as measured_min_at
    from sums
    inner join graded
        on
            sums.feeder = graded.name
            and sums.grain = graded.grain
            and sums.period_start = graded.period_start
    where
        graded.peak_mw = sums.peak_mw
        or graded.min_mw = sums.min_mw
        or graded.peak_mva = sums.peak_mva
        or graded.measured_peak_mw = sums.measured_peak_mw
        or graded.measured_min_mw = sums.measured_min_mw
    group by sums.grain, sums.period_start, sums.feeder
)

select
    sums.*,
    extremes.peak_count,
    extremes.peak_at,
    extremes.peak_date,
    extremes.min_count,
    extremes.min_at,
    extremes.peak_mva_at,
    extremes.peak_mva_pf,
    extremes.measured_peak_at,
    extremes.measured_min_at
from sums
left join extremes
    on
        sums.feeder = extremes.feeder
        and sums.grain = extremes.grain
        and sums.period_start = extremes.period_start
