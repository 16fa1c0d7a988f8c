-- one row per feeder and day on which its power changes most, by an eighth at least, with the mean
-- power of the weeks around it

{% set spans = {
    'long_before': 'interval 28 days preceding and interval 15 days preceding',
    'before_it': 'interval 14 days preceding and interval 1 day preceding',
    'before': 'interval 7 days preceding and interval 1 day preceding',
    'day_before': 'interval 1 day preceding and interval 1 day preceding',
    'after': 'current row and interval 6 days following',
    'next_day': 'interval 1 day following and interval 1 day following',
    'after_it': 'current row and interval 13 days following',
    'long_after': 'interval 14 days following and interval 27 days following',
} %}

with

weeks as (
    select
        *,
        {% for name in spans -%}
            cast(sum(watts) over {{ name }} as double) / count(*) over {{ name }}
                as watts_{{ name }},
        {% endfor -%}
        cast(sum(watts_rec) over month_around as double)
        / nullif(sum(watts) over month_around, 0) as received_share
    from {{ ref('daily_power') }}
    window
        {% for name, span in spans.items() -%}
            {{ name }} as (
                partition by feeder order by local_date
                range between {{ span }}
            ),
        {% endfor -%}
        month_around as (
            partition by feeder order by local_date
            range between interval 28 days preceding and interval 27 days following
        )
),

changes as (
    select
        *,
        greatest(watts_after / watts_before, watts_before / watts_after) as strength
    from weeks
    where
        watts_before > 0
        and watts_after > 0
        and least(watts_long_before, watts_before_it, watts_after_it, watts_long_after) > 0
)

select * from changes -- noqa: AM04
qualify
    strength > 1.12
    and strength = max(strength) over (
        partition by feeder order by local_date
        range between interval 7 days preceding and interval 7 days following
    )
