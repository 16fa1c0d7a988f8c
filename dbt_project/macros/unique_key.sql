{# A model's key: the columns together are unique and none of them is NULL. With `time`, only
   partitions that are not tested yet are looked at; with `newer_than`, only files that this table
   has not.

   `few` names two expressions for a large table: one that puts its rows into groups, and a whole
   number below `few[2]` that differs between nearly all rows of a group. A group with as many
   numbers as rows has no row twice, which takes a tenth of the time of comparing all keys; only
   where there are fewer are the keys themselves compared. #}
{% test unique_key(model, columns, time="", feeder="feeder", newer_than="", few=none) -%}
    {%- set scope -%}
        {% if time %}
            {{ is_untested(model.identifier, time, feeder) }}
        {% elif newer_than and are_tests_scoped()
            and adapter.get_relation(target.database, target.schema, newer_than) %}
            file_id > (
                select coalesce(max(file_id), 0)
                from {{ target.schema }}.{{ newer_than }}
            )
        {% else %}
            true
        {% endif %}
    {%- endset -%}
    {%- set suspected -%}
        {% if few %}
            ({{ columns[0] }}, {{ few[0] }}) in (
                select {{ columns[0] }}, {{ few[0] }}
                from {{ model }}
                where {{ scope }}
                group by {{ columns[0] }}, {{ few[0] }}
                having count(*) <> {{ count_different(few[1], few[2]) }}
            )
            or {{ columns | join(' is null or ') }} is null
        {% else %}
            true
        {% endif %}
    {%- endset -%}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    where {{ scope }} and ({{ suspected }})
    group by {{ columns | join(', ') }}
    having count(*) > 1 or {% for c in columns %}{{ c }} is null{{ " or " if not loop.last }}{% endfor %}
{% endtest %}
