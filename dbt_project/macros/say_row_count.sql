{# Log how many rows a table has; Dagster reads the line and shows the number. #}
{% macro say_row_count() %}
    {% if execute and model.config.materialized != "view" %}
        {% set row_count = run_query("select count(*) from " ~ this).columns[0].values()[0] %}
        {{ log("rows: " ~ this.name ~ " " ~ row_count, info=true) }}
    {% endif %}
{% endmacro %}
