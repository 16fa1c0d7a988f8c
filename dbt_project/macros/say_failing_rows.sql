{# Log rows that failing tests found as JSON, 20 of a test at most; Dagster shows them with its
   check. What detectors found is logged by say_findings. #}
{% macro say_failing_rows(results) %}
    {% if execute %}
        {% for result in results if result.node.resource_type == "test"
            and result.status in ("fail", "warn") and result.node.compiled_code
            and not result.node.name.startswith("detect_") %}
            {% set found = run_query(
                "select * from (" ~ result.node.compiled_code ~ ") as failing limit 20"
            ) %}
            {% for row in found.rows %}
                {% set shown = {} %}
                {% for name, value in row.dict().items() %}
                    {% do shown.update({name: "" if value is none else value | string}) %}
                {% endfor %}
                {{ log(
                    "failing row: " ~ tojson({"check": result.node.name, "row": shown}), info=true
                ) }}
            {% endfor %}
        {% endfor %}
    {% endif %}
{% endmacro %}
