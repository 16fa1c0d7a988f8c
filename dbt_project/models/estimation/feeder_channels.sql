-- one row per feeder and channel with a known value; what a feeder does not measure has none

{% set channels = estimated_channels() %}

with

feeders as (
    select
        feeder,
        {% for channel in channels -%}
            count({{ channel }}) as {{ channel }}_count,
            min({{ channel }}) as {{ channel }}_lowest,
        {% endfor -%}
        count(*) as reading_count
    from {{ ref('feeder_profiles') }}
    group by feeder
)

{% for channel in channels -%}
    select
        feeder,
        '{{ channel }}' as channel,
        {{ channel }}_count as value_count,
        reading_count,
        {{ channel }}_lowest < 0 as can_be_negative
    from feeders
    where {{ channel }}_count > 0
    {{ 'union all' if not loop.last }}
{% endfor %}
