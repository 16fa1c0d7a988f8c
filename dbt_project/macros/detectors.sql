{#- What two detectors, or several lags, need alike. -#}

{# Pearson's correlation of two columns of whole numbers, from exact sums; NULL where one of them
   does not vary. #}
{% macro exact_correlation(x, y) -%}
    {%- set x, y = wide(x), wide(y) -%}
    cast(count(*) * sum({{ x }} * {{ y }}) - sum({{ x }}) * sum({{ y }}) as double)
    / nullif(
        sqrt(cast(count(*) * sum({{ x }} * {{ x }}) - sum({{ x }}) * sum({{ x }}) as double))
        * sqrt(cast(count(*) * sum({{ y }} * {{ y }}) - sum({{ y }}) * sum({{ y }}) as double)), 0
    )
{%- endmacro %}

{# How far the correlations after lie from those before at the five middle lags, these taken from
   `ahead` lags further, or with the other sign; sums of three weeks in thousandths. #}
{% macro distance(sign, ahead) -%}
    {%- set terms = [] -%}
    {%- for place in range(1, 6) -%}
        {%- set pair = 'after_' ~ place ~ ' ' ~ sign ~ ' before_' ~ (place + ahead) -%}
        {%- do terms.append(squared(pair)) -%}
    {%- endfor -%}
    sqrt({{ terms | join(' + ') }}) / 3000
{%- endmacro %}
