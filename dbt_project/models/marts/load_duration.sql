-- one row per feeder, or the total ('*'), year of the system's clock and point of its load-duration
-- curve

-- a year has twelve parts: a feeder's curves are made anew together
{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="day_months",
    part_time=""
) }}

{% set time_shares = [
    '0.00', '0.01', '0.02', '0.05', '0.10', '0.20', '0.30', '0.40', '0.50', '0.60', '0.70', '0.80',
    '0.90', '0.95', '0.98', '0.99', '1.00',
] %}
{% set peak_shares = ['1.00', '0.95', '0.90', '0.85', '0.80', '0.70', '0.60', '0.50'] %}

with

intervals as {{ inlined() }} (
    select
        *,
        cast(date_trunc('year', local_start) as date) as year_start
    from {{ dated_intervals(ref('day_months')) }} as intervals
    where can_be_peak and mw_net is not null
),

years as (
    select
        feeder,
        year_start,
        sum(actual_seconds) as year_seconds,
        max(mw_net) as peak_mw,
        {{ quantiles('-mw_net', '[' ~ time_shares | join(', ') ~ ']') }} as levels
    from intervals
    group by feeder, year_start
),

-- the highest threshold that is reached
reached as (
    select
        intervals.feeder,
        intervals.year_start,
        case
            {%- for share in peak_shares %}
            when intervals.mw_net >= {{ share }} * years.peak_mw then {{ share }}
            {%- endfor %}
        end as share,
        sum(intervals.actual_seconds) as reached_seconds
    from intervals
    inner join years
        on intervals.feeder = years.feeder and intervals.year_start = years.year_start
    where years.peak_mw > 0 and intervals.mw_net >= {{ peak_shares | last }} * years.peak_mw
    group by 1, 2, 3
),

thresholds as (
    select
        years.feeder,
        years.year_start,
        'peak' as share_of,
        points.share,
        cast(points.share * years.peak_mw as decimal(28, 18)) as mw,
        sum(reached.reached_seconds) as point_seconds
    from years
    cross join (
        {% for share in peak_shares -%}
            select {{ share }} as share {{ "union all " if not loop.last }}
        {%- endfor %}
    ) as points
    inner join reached
        on
            years.feeder = reached.feeder
            and years.year_start = reached.year_start
            and points.share <= reached.share
    group by years.feeder, years.year_start, years.peak_mw, points.share
),

quantiles as (
    {% for share in time_shares -%}
        select
            feeder,
            year_start,
            'time' as share_of,
            {{ share }} as share,
            cast(-levels[{{ loop.index }}] as decimal(28, 18)) as mw,
            {{ share }} * year_seconds as point_seconds
        from years
        {{ "union all" if not loop.last }}
    {% endfor %}
),

points as (
    select * from thresholds
    union all
    select * from quantiles
)

select
    feeder,
    year_start,
    share_of,
    cast(share as decimal(3, 2)) as share,
    mw,
    {{ rounded('cast(point_seconds as double) / 3600') }} as hours
from points
