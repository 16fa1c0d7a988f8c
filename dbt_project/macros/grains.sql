{# Rows of the periods that figures are made of: day, month, year and all. #}
{% macro grains() -%}
    {% for grain in ['day', 'month', 'year', 'all'] -%}
        select '{{ grain }}' as grain {{ "union all " if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# First day of the period of a grain that a day lies in; of all days the one that is given. #}
{% macro period_start(grain, day, first_date) -%}
    case
        when {{ grain }} = 'all' then {{ first_date }}
        else cast(date_trunc(nullif({{ grain }}, 'all'), {{ day }}) as date)
    end
{%- endmacro %}
