-- one row per feeder, or `total`, and day, month and year of the system's clock, or all: three
-- peaks beside each other, and how many values each layer has

{{ config(materialized="view") }}

with

figures as (
    select * from {{ ref('planner_figures') }}
),

touched as (
    select distinct feeder from {{ ref('final_days') }}
),

spans as (
    select
        figures.feeder,
        figures.period_start
    from figures
    inner join touched on figures.feeder = touched.feeder
    where figures.grain = 'all'
),

-- days without an exception have the peak of what was measured
days as (
    select
        figures.feeder,
        figures.period_start as local_date,
        spans.period_start as span_start,
        finals.low_mw,
        finals.high_mw,
        finals.edited_count,
        finals.estimated_count,
        finals.missing_count,
        coalesce(finals.peak_status, 'A') as peak_status,
        case when finals.feeder is null then figures.peak_mw else finals.peak_mw end as peak_mw,
        case when finals.feeder is null then figures.peak_at else finals.peak_at end as peak_at
    from figures
    inner join spans on figures.feeder = spans.feeder
    left join {{ ref('final_days') }} as finals
        on
            figures.feeder = finals.feeder
            and figures.period_start = finals.local_date
    where figures.grain = 'day'
),

grains as (
    {{ grains() }}
),

graded as (
    select
        days.*,
        grains.grain,
        {{ period_start('grains.grain', 'days.local_date', 'days.span_start') }} as period_start
    from days
    cross join grains
),

periods as (
    select
        feeder,
        grain,
        period_start,
        max(peak_mw) as peak_mw,
        sum(edited_count) as edited_count,
        sum(estimated_count) as estimated_count,
        sum(missing_count) as missing_count
    from graded
    group by feeder, grain, period_start
),

-- of equal ones the first
peaks as (
    select
        graded.feeder,
        graded.grain,
        graded.period_start,
        graded.peak_at,
        graded.peak_status,
        graded.low_mw,
        graded.high_mw
    from graded
    inner join periods
        on
            graded.feeder = periods.feeder
            and graded.grain = periods.grain
            and graded.period_start = periods.period_start
            and graded.peak_mw = periods.peak_mw
    qualify
        row_number() over (
            partition by graded.feeder, graded.grain, graded.period_start
            order by graded.peak_at
        ) = 1
),

finals as (
    select
        periods.*,
        peaks.peak_at,
        peaks.peak_status,
        peaks.low_mw,
        peaks.high_mw
    from periods
    left join peaks
        on
            periods.feeder = peaks.feeder
            and periods.grain = peaks.grain
            and periods.period_start = peaks.period_start
),

joined as (
    select
        figures.*,
        finals.low_mw,
        finals.high_mw,
        coalesce(finals.edited_count, 0) as edited_count,
        coalesce(finals.estimated_count, 0) as estimated_count,
        coalesce(finals.missing_count, 0) as missing_count,
        coalesce(finals.peak_status, 'A') as peak_status,
        case when finals.feeder is null then figures.peak_mw else finals.peak_mw end
            as final_peak_mw,
        case when finals.feeder is null then figures.peak_at else finals.peak_at end
            as final_peak_at
    from figures
    left join finals
        on
            figures.feeder = finals.feeder
            and figures.grain = finals.grain
            and figures.period_start = finals.period_start
)

select
    feeder,
    grain,
    period_start,
    timezone,
    expected_intervals,
    actual_intervals,
    cast(edited_count as bigint) as edited_intervals,
    cast(estimated_count as bigint) as estimated_intervals,
    cast(missing_count as bigint) as missing_intervals,
    completeness,
    case
        when expected_intervals > 0
            then greatest(1 - cast(missing_count as double) / expected_intervals, 0)
    end as final_completeness,
    measured_peak_mw,
    measured_peak_at,
    peak_mw,
    peak_at,
    final_peak_mw,
    final_peak_at,
    {{ to_local('final_peak_at', 'timezone') }} as final_peak_local,
    case when final_peak_mw is not null then peak_status end as final_peak_status,
    low_mw as final_peak_low_mw,
    high_mw as final_peak_high_mw
from joined
