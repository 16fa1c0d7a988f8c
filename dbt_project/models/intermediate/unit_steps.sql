-- one row per feeder and day on which all it shows becomes 10, 100 or 1000 times as large or small
-- Rule: the mean of the days after, over that of the days before, is within a quarter of such a
-- factor, and so is that of the day's third-highest power and, where there is one, of its lowest:
-- the same load in another unit. No day after lies within a third of the way to one before. A week
-- on either side, the day itself and the one before left out, as the change may come at noon.
-- `level` adds up the factors since the first day as powers of ten: what came first is taken to be
-- right, and what stands above it until it is settled is not.

with

days as (
    select
        feeder,
        local_date,
        -- whole watts, so that sums are exact
        cast(round(
            1000000 * cast(del_mj + rec_mj as double) / (60 * known_minutes)
        ) as bigint) as watts,
        cast(round(1000000 * third_highest_mw) as bigint) as high_watts,
        cast(round(
            1000000 * abs(cast(lowest_net_mw as double))
        ) as bigint) as low_watts
    from {{ ref('feeder_days') }}
    where known_minutes >= {{ var('full_day_minutes') }}
),

weeks as (
    select
        *,
        cast(sum(watts) over next_to_before as double) / count(*) over next_to_before
            as watts_next_to_before,
        cast(sum(watts) over next_to_after as double) / count(*) over next_to_after
            as watts_next_to_after,
        count(*) over days_before as count_before,
        count(*) over days_after as count_after,
        {% for value in ['watts', 'high_watts', 'low_watts'] %}
            cast(sum({{ value }}) over days_before as double) / count(*) over days_before
                as {{ value }}_before,
            cast(sum({{ value }}) over days_after as double) / count(*) over days_after
                as {{ value }}_after,
        {% endfor %}
        min(watts) over days_before as least_before,
        max(watts) over days_before as most_before,
        min(watts) over days_after as least_after,
        max(watts) over days_after as most_after
    from days
    window
        next_to_before as (
            partition by feeder order by local_date
            range between interval 7 days preceding and interval 1 day preceding
        ),
        next_to_after as (
            partition by feeder order by local_date
            range between current row and interval 6 days following
        ),
        days_before as (
            partition by feeder order by local_date
            range between interval 7 days preceding and interval 2 days preceding
        ),
        days_after as (
            partition by feeder order by local_date
            range between interval 1 day following and interval 6 days following
        )
),

ratios as (
    select
        *,
        greatest(
            watts_next_to_after / watts_next_to_before, watts_next_to_before / watts_next_to_after
        ) as strength,
        watts_after / watts_before as ratio,
        high_watts_after / high_watts_before as high_ratio,
        low_watts_after / nullif(low_watts_before, 0) as low_ratio
    from weeks
    where
        least(count_before, count_after) >= 5
        and least(watts_before, watts_after, high_watts_before, high_watts_after) > 0
        and least(watts_next_to_before, watts_next_to_after) > 0
        and (least_after > 3 * most_before or least_before > 3 * most_after)
),

factors as (
    select
        *,
        cast(round(log10(ratio)) as int) as exponent
    from ratios
    qualify
        strength = max(strength) over (
            partition by feeder order by local_date
            range between interval 6 days preceding and interval 6 days following
        )
),

steps as (
    select
        *,
        {% set power = 'cast(case exponent '
            ~ 'when 1 then 10 when 2 then 100 when 3 then 1000 '
            ~ 'when -1 then 0.1 when -2 then 0.01 when -3 then 0.001 end as double)' -%}
        {{ power }} as factor
    from factors
    where
        abs(exponent) between 1 and 3
        and abs(ratio / {{ power }} - 1) <= {{ var('unit_step_tolerance') }}
        and abs(high_ratio / {{ power }} - 1) <= {{ var('unit_step_tolerance') }}
        and coalesce(
            abs(low_ratio / {{ power }} - 1) <= 2 * {{ var('unit_step_tolerance') }}, true
        )
)

select
    feeder,
    local_date,
    exponent,
    factor,
    cast(sum(exponent) over feeder_steps as int) as level,
    watts_before / 1000000 as mw_before,
    watts_after / 1000000 as mw_after,
    3 * high_watts_before / 1000000 as limit_mw,
    lead(local_date) over (partition by feeder order by local_date) as until_date
from steps
window feeder_steps as (
    partition by feeder order by local_date rows between unbounded preceding and current row
)
