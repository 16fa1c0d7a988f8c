-- one row per feeder and week: how far the correlations of three weeks after it lie from those of
-- three weeks before, and how far if these came an hour earlier or later or were turned over; the
-- week itself is left out, so that the change may have come on any of its days

with

-- whole numbers, so that sums are exact
whole as (
    select
        feeder,
        {% for place in range(7) %}
            cast(round(1000 * correlation_{{ place }}) as bigint) as thousandths_{{ place }},
        {% endfor %}
        week_start_at
    from {{ ref('sibling_correlations') }}
),

sides as (
    select
        feeder,
        week_start_at,
        {% for side in ['before', 'after'] %}
            {% for place in range(7) %}
                cast(sum(thousandths_{{ place }}) over weeks_{{ side }} as double)
                    as {{ side }}_{{ place }},
            {% endfor %}
        {% endfor %}
        count(thousandths_3) over weeks_before as count_before,
        count(thousandths_3) over weeks_after as count_after,
        min(week_start_at) over weeks_before as first_at,
        max(week_start_at) over weeks_after as last_at
    from whole
    window
        weeks_before as (
            partition by feeder order by week_start_at rows between 3 preceding and 1 preceding
        ),
        weeks_after as (
            partition by feeder order by week_start_at rows between 1 following and 3 following
        )
)

select
    feeder,
    week_start_at,
    {{ distance('-', 0) }} as distance,
    -- what was at a lag of 1 hour is at 0 when its own changes come an hour later
    {{ distance('-', 1) }} as later_distance,
    {{ distance('-', -1) }} as earlier_distance,
    {{ distance('+', 0) }} as reversed_distance
from sides
-- weeks in a row, of 7 to 10 days, all with correlations
where
    count_before = 3
    and count_after = 3
    and {{ dbt.datediff('first_at', 'last_at', 'minute') }} <= 50 * 1440
