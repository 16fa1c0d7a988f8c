{# Whether a piece of an interval of the system ends where the feeder's next one starts, and the
   last where the interval ends. #}
{% macro meets_next() -%}
    {{ add_seconds('interval_start_at', 'actual_seconds') }} = coalesce(
        lead(interval_start_at) over (
            partition by feeder, system_start_at order by interval_start_at
        ),
        {{ add_seconds('system_start_at', 'system_seconds') }}
    )
{%- endmacro %}
