-- one row per feeder and week of a UTC month (days 1-7, 8-14, 15-21, 22-): how the changes of its
-- hourly net power go with those of all other feeders 3 hours earlier to 3 hours later

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="system_months",
    part_time="week_start_at",
    part_feeder=""
) }}

with

-- an hour that two meters share is whole with neither
hours as (
    select
        feeder,
        meter,
        cast(sum(del_raw) - sum(rec_raw) as double) as kw,
        date_trunc('month', date_trunc('hour', interval_start_at)) as month_start_at,
        date_trunc('hour', interval_start_at) as hour_start_at
    from {{ ref('feeder_profiles') }}
    where {{ is_in_dirty_part(ref('system_months'), 'interval_start_at', '') }}
    group by feeder, meter, date_trunc('hour', interval_start_at)
    having
        sum(case when del_raw is not null and rec_raw is not null then interval_minutes end) = 60
),

changes as (
    select
        *,
        kw - lag(kw) over meters as kw_change,
        lag(hour_start_at) over meters as previous_start_at
    from hours
    window meters as (partition by feeder, meter, month_start_at order by hour_start_at)
),

scales as (
    select
        feeder,
        meter,
        month_start_at,
        {{ quantile('abs(kw_change)', 0.9) }} as kw_scale
    from changes
    group by feeder, meter, month_start_at
),

-- thousandths of a large change, whole numbers so that every sum is exact; no hour outweighs all
scaled as (
    select
        changes.feeder,
        changes.month_start_at,
        changes.hour_start_at,
        cast(round(
            1000 * greatest(least(changes.kw_change / scales.kw_scale, 3), -3)
        ) as bigint) as own
    from changes
    inner join scales
        on
            changes.feeder = scales.feeder
            and changes.meter = scales.meter
            and changes.month_start_at = scales.month_start_at
    where
        scales.kw_scale > 0
        and changes.previous_start_at = {{ dbt.dateadd('minute', '-60', 'changes.hour_start_at') }}
),

-- with fewer than three feeders it cannot be known which one is off
siblings as (
    select
        *,
        cast(sum(own) over (partition by hour_start_at) - own as bigint) as others
    from scaled
    qualify count(*) over (partition by hour_start_at) >= 3
),

moved as (
    select
        feeder,
        month_start_at,
        own,
        {% for place in range(7) %}
            lead(others, {{ place - 3 }}) over feeder_month as others_{{ place }},
        {% endfor %}
        hour_start_at,
        lag(hour_start_at, 3) over feeder_month as first_at,
        lead(hour_start_at, 3) over feeder_month as last_at
    from siblings
    window feeder_month as (partition by feeder, month_start_at order by hour_start_at)
),

weeks as (
    select
        *,
        {{ dbt.dateadd(
            'minute',
            '10080 * least('
            ~ whole_quotient('extract(day from hour_start_at) - 1', '7') ~ ', 3)',
            'month_start_at'
        ) }} as week_start_at
    from moved
    -- no hole among the seven hours
    where {{ dbt.datediff('first_at', 'last_at', 'minute') }} = 360
)

select
    feeder,
    week_start_at,
    {% for place in range(7) %}
        {{ exact_correlation('own', 'others_' ~ place) }} as correlation_{{ place }},
    {% endfor %}
    count(*) as hour_count
from weeks
group by feeder, week_start_at
-- half a week at least
having count(*) >= 84
