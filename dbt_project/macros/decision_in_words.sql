{# "decision 3 (scale north from 2024-07-01 06:00 to 2024-07-02 06:00 UTC, mw_del)". #}
{% macro decision_in_words(decisions) -%}
    'decision ' || cast({{ decisions }}.decision as string) || ' (' || {{ decisions }}.action || ' '
    || {{ decisions }}.feeder || ' from '
    || {{ to_the_minute(decisions ~ '.first_start_at') }} || ' to '
    || {{ to_the_minute(decisions ~ '.until_at') }} || ' UTC'
    || coalesce(', ' || {{ decisions }}.channel, '') || ')'
{%- endmacro %}
