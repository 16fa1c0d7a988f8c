{# A model's key: the columns together are unique and none of them is NULL. With `time`, only parts
   that are not tested yet are looked at; with `newer_than`, only files that this table has not. #}
{% test unique_key(model, columns, time="", feeder="feeder", newer_than="") -%}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    {% if time %}
        where {{ is_untested(model.identifier, time, feeder) }}
    {% elif newer_than and are_tests_scoped()
        and adapter.get_relation(target.database, target.schema, newer_than) %}
        where file_id > (select coalesce(max(file_id), 0) from {{ target.schema }}.{{ newer_than }})
    {% endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1 or {% for c in columns %}{{ c }} is null{{ " or " if not loop.last }}{% endfor %}
{% endtest %}
