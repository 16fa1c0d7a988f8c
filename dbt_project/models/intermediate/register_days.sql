-- one row per feeder, channel (kW or kVA) and day that a register may be read on: it begins at or
-- above the highest value of the day before, or holds values near a power of ten and near 0

{{ config(materialized="ephemeral") }}

with

days as (
    {% for channel in ['kw', 'kva'] %}
        select
            feeder,
            local_date,
            '{{ 'kW' if channel == 'kw' else 'kVA' }}' as channel,
            cast(highest_{{ channel }} as double) as highest,
            lowest_{{ channel }} >= lag(highest_{{ channel }}) over (
                partition by feeder order by local_date
            ) as is_above_before,
            highest_{{ channel }} <= lead(lowest_{{ channel }}) over (
                partition by feeder order by local_date
            ) as is_below_after,
            highest_{{ channel }} >= 100 * lowest_{{ channel }}
            and cast(highest_{{ channel }} as double)
            >= 0.98 * power(10, ceil(log10(cast(highest_{{ channel }} as double)))) as is_turned,
            count(*) over (partition by feeder) as day_count
        from {{ ref('feeder_days') }}
        where feeder <> 'total' and highest_{{ channel }} > 0
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- one day alone proves nothing, unless it is all there is
growing as (
    select
        feeder,
        local_date,
        channel
    from days
    where
        coalesce(is_above_before, false)
        or coalesce(is_below_after, false)
        or is_turned
        or day_count = 1
)

-- a register starts again on a day between two that grow, or on the last or first
{% for shift in [-1, 0, 1] %}
    select
        feeder,
        local_date + {{ shift }} as local_date,
        channel
    from growing
    {{ "union" if not loop.last }}
{% endfor %}
