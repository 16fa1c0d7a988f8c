{# In UTC by a day of the clock; what the clock skips is the moment of its change, as it is where
   meter-data.csv is read. #}
{% macro on_utc_clock(at, clock) -%}
    case
        when {{ at }} < {{ clock }}.change_at_local or {{ clock }}.change_at_local is null
            then {{ dbt.dateadd('minute', '-coalesce(' ~ clock ~ '.utc_offset_minutes, 0)', at) }}
        else greatest(
            {{ dbt.dateadd(
                'minute', '-' ~ clock ~ '.utc_offset_minutes', clock ~ '.change_at_local'
            ) }},
            {{ dbt.dateadd('minute', '-' ~ clock ~ '.new_utc_offset_minutes', at) }}
        )
    end
{%- endmacro %}

{# The columns <first>_at and <until>_at: the ends of a stretch of a clock in UTC, as wide as it can
   be where an hour is repeated. #}
{% macro widest_in_utc(first, until) -%}
    {{ dbt.dateadd(
        'minute',
        '-greatest(utc_offset_minutes, coalesce(second_offset_minutes, utc_offset_minutes))', first
    ) }} as {{ first }}_at,
    {{ dbt.dateadd(
        'minute', '-coalesce(second_offset_minutes, utc_offset_minutes)', until
    ) }} as {{ until }}_at
{%- endmacro %}
