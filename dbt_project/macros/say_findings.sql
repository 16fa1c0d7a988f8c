{# Log findings as JSON, 20 of a rule at most; Dagster shows them with the check of that rule. #}
{% macro say_findings() %}
    {% if execute %}
        {% set found = run_query(
            "select rule, feeder, cast(first_date as string) as first_date,"
            ~ " cast(last_date as string) as last_date, severity, evidence, meaning from " ~ this
            ~ " where acknowledged_by is null"
            ~ " qualify 20 >= row_number() over ("
            ~ "partition by rule"
            ~ " order by last_date desc, feeder <> 'total', feeder, first_date, evidence)"
            ~ " order by rule, last_date desc, feeder <> 'total', feeder, first_date, evidence"
        ) %}
        {% for row in found.rows %}
            {{ log("finding: " ~ tojson(row.dict()), info=true) }}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# No detector of this name found anything that is not acknowledged. #}
{% test no_finding(model, rule) -%}
    select * from {{ model }} where rule = '{{ rule }}' and acknowledged_by is null
{%- endtest %}
