-- one row per feeder, meter, register and two reads of it in a row that can be compared: what the
-- intervals have between them, and what they would have if one thing were otherwise

{% set channels = register_channels() %}
{% set sums = {
    'mj': 'overlap_seconds',
    'known_seconds': 'overlap_seconds',
    'widening_mj': 'case when overlap_seconds < actual_seconds and overlap_seconds > 0
        then greatest(overlap_seconds, actual_seconds - overlap_seconds) else 0 end',
    'day_mj': 'actual_seconds',
    'day_seconds': 'actual_seconds',
    'day_pattern': 'actual_seconds * minute_of_day',
    'before_mj': 'case when end_at = from_at then actual_seconds end',
    'first_mj': 'case when interval_start_at = from_at then actual_seconds end',
    'last_mj': 'case when end_at = until_at then actual_seconds end',
    'after_mj': 'case when interval_start_at = until_at then actual_seconds end',
} %}

with

pairs as (
    select * from {{ ref('register_pairs') }}
    where not_checked_because is null
),

windows as (
    select distinct
        feeder,
        meter,
        from_at,
        until_at
    from pairs
),

-- with a day on either side, to see what else may be meant
months as (
    select
        *,
        {{ month_series(
            dbt.dateadd('minute', -1440, 'from_at'), dbt.dateadd('minute', 1440, 'until_at')
        ) }} as month_start_at
    from windows
),

ends as (
    select
        feeder,
        interval_start_at,
        start_local,
        actual_seconds,
        {{ channels.values() | join(',\n        ') }},
        {{ dbt.dateadd('second', 'actual_seconds', 'interval_start_at') }} as end_at
    from {{ ref('feeder_profiles') }}
),

intervals as (
    select
        months.meter,
        months.from_at,
        months.until_at,
        ends.*,
        cast(ends.start_local as date) as local_date,
        extract(hour from ends.start_local) * 60 + extract(minute from ends.start_local)
            as minute_of_day,
        greatest({{ dbt.datediff(
            'greatest(months.from_at, ends.interval_start_at)',
            'least(months.until_at, ends.end_at)',
            'second'
        ) }}, 0) as overlap_seconds
    from months
    inner join ends
        on
            months.feeder = ends.feeder
            and months.month_start_at = date_trunc('month', ends.interval_start_at)
            and ends.end_at > {{ dbt.dateadd('minute', -1440, 'months.from_at') }}
            and ends.interval_start_at < {{ dbt.dateadd('minute', 1440, 'months.until_at') }}
),

-- all channels at once, in columns
wide as (
    select
        feeder,
        meter,
        from_at,
        until_at,
        local_date
        {% for channel, mw in channels.items() %}
            {% for name, seconds in sums.items() %}
                ,
                {% if name in ['known_seconds', 'day_seconds'] -%}
                    sum(case when {{ mw }} is not null then {{ seconds }} else 0 end)
                {%- else -%}
                    cast(sum({{ mw }} * ({{ seconds }})) as decimal(38, 18))
                {%- endif %} as {{ channel }}_{{ name }}
            {% endfor %}
            ,
            count(case
                when {{ mw }} is not null and interval_start_at <= from_at and end_at > from_at
                    then 1
            end)
            + count(case
                when {{ mw }} is not null and interval_start_at < until_at and end_at >= until_at
                    then 1
            end) as {{ channel }}_edges
        {% endfor %}
    from intervals
    group by feeder, meter, from_at, until_at, local_date
),

days as (
    select
        pairs.feeder,
        pairs.meter,
        pairs.channel,
        pairs.from_at,
        wide.local_date
        {% for name in sums.keys() | list + ['edges'] %}
            ,
            case pairs.channel
                {% for channel in channels %}
                    when '{{ channel }}' then wide.{{ channel }}_{{ name }}
                {% endfor %}
            end as {{ name }}
        {% endfor %}
    from pairs
    inner join wide
        on
            pairs.feeder = wide.feeder
            and pairs.meter = wide.meter
            and pairs.from_at = wide.from_at
            and pairs.until_at = wide.until_at
),

days_before as (
    select
        *,
        lag(day_mj) over (partition by feeder, meter, channel, from_at order by local_date)
            as mj_before,
        lag(day_pattern) over (partition by feeder, meter, channel, from_at order by local_date)
            as pattern_before,
        lead(day_mj) over (partition by feeder, meter, channel, from_at order by local_date)
            as mj_after
    from days
),

-- a day that is lost: without load, or the copy of the day before, unless the load is the same on
-- the day after too
compared as (
    select
        *,
        day_seconds >= 82800 as is_full,
        day_seconds >= 82800 and mj = day_mj and mj = 0 as is_zero,
        day_seconds >= 82800 and mj = day_mj and mj > 0
        and day_mj = mj_before and day_pattern = pattern_before
        and not coalesce(day_mj = mj_after, false) as is_copy
    from days_before
)

select
    feeder,
    meter,
    channel,
    from_at,
    coalesce(sum(mj), 0) as interval_mj,
    cast(sum(known_seconds) as bigint) as known_seconds,
    coalesce(sum(widening_mj), 0) as widening_mj,
    sum(edges) >= 2 as has_both_edges,
    sum(mj) + sum(after_mj) - sum(first_mj) as later_mj,
    sum(mj) + sum(before_mj) - sum(last_mj) as earlier_mj,
    {% for kind in ['zero', 'copy'] %}
        count(case when is_{{ kind }} then 1 end) as {{ kind }}_day_count,
        min(case when is_{{ kind }} then local_date end) as {{ kind }}_date,
        sum(case when is_{{ kind }} then mj end) as {{ kind }}_mj,
    {% endfor %}
    max(case when is_full and not coalesce(is_copy, false) then day_mj end) as highest_day_mj
from compared
group by feeder, meter, channel, from_at
