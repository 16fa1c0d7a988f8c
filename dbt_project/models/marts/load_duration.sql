-- one row per feeder, or `total`, year of the system's clock and point of its load-duration
-- curve

-- a year has twelve parts: a feeder's curves are rebuilt together
{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="plausible_months",
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
        intervals.feeder,
        cast(date_trunc('year', intervals.local_date) as date) as year_start,
        intervals.mw_net,
        intervals.actual_seconds
    from {{ dated_intervals(ref('plausible_months'), at_any_time=true) }} as intervals
    anti join {{ ref('implausible_intervals') }} as implausible
        on
            intervals.feeder = implausible.feeder
            and intervals.interval_start_at = implausible.interval_start_at
    where intervals.can_be_peak and intervals.mw_net is not null
),

years as (
    select
        feeder,
        year_start,
        cast(sum(actual_seconds) as bigint) as year_seconds,
        {% for share in peak_shares -%}
            cast({{ share }} * max(mw_net) as decimal(28, 18)) as threshold_{{ loop.index }},
        {% endfor -%}
        {{ quantiles('-mw_net', time_shares) }} as levels
    from intervals
    group by feeder, year_start
),

-- by the highest threshold that is reached
reached as (
    select
        intervals.feeder,
        intervals.year_start,
        sum(intervals.actual_seconds) as reached_seconds,
        case
            {% for share in peak_shares -%}
                when intervals.mw_net >= years.threshold_{{ loop.index }} then {{ loop.index }}
            {% endfor %}
        end as place
    from intervals
    inner join years
        on intervals.feeder = years.feeder and intervals.year_start = years.year_start
    where
        years.threshold_1 > 0
        and intervals.mw_net >= years.threshold_{{ peak_shares | length }}
    group by intervals.feeder, intervals.year_start, place
),

points (share_of, place, share) as (
    values
    {% for share in peak_shares -%}
        ('peak', {{ loop.index }}, cast({{ share }} as decimal(3, 2))),
    {% endfor -%}
    {% for share in time_shares -%}
        ('time', {{ loop.index }}, cast({{ share }} as decimal(3, 2))){{ "," if not loop.last }}
    {% endfor %}
),

marked as (
    select
        years.feeder,
        years.year_start,
        points.share_of,
        points.share,
        years.threshold_1 * points.share as mw,
        sum(reached.reached_seconds) as point_seconds
    from years
    cross join points
    inner join reached
        on
            years.feeder = reached.feeder
            and years.year_start = reached.year_start
            and points.place >= reached.place
    where points.share_of = 'peak'
    group by
        years.feeder, years.year_start, points.share_of, points.share, years.threshold_1
    union all
    select
        years.feeder,
        years.year_start,
        points.share_of,
        points.share,
        -{{ entry('years.levels', 'points.place') }} as mw,
        points.share * years.year_seconds as point_seconds
    from years
    cross join points
    where points.share_of = 'time'
)

select
    feeder,
    year_start,
    share_of,
    share,
    cast(mw as decimal(28, 18)) as mw,
    {{ rounded('cast(point_seconds as double) / 3600') }} as hours
from marked
