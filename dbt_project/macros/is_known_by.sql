{# Whether a decision acknowledges what `rule` finds, or accepts the values that it names. #}
{% macro is_known_by(rule, decisions) -%}
    (
        ({{ decisions }}.action = 'acknowledge' and {{ decisions }}.rule = {{ rule }})
        or (
            {{ decisions }}.action = 'accept'
            and {{ rule }} in (
                'implausible', 'spike', 'register', 'unit_step', 'stuck', 'zero_run', 'repeated_day'
            )
            and substr(coalesce({{ decisions }}.channel, 'mw_'), 1, 3) = 'mw_'
        )
    )
{%- endmacro %}
