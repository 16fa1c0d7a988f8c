{#- What one engine says differently from another stands here and nowhere else. -#}

{% macro add_minutes(moment, minutes) -%}
    {{ moment }} + to_minutes({{ minutes }})
{%- endmacro %}

{% macro minutes_between(first, second) -%}
    cast(date_diff('minute', {{ first }}, {{ second }}) as bigint)
{%- endmacro %}

{# A UTC timestamp as wall time of a zone; unambiguous in this direction. #}
{% macro to_local(moment, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ moment }}))
{%- endmacro %}

{# One row per interval start from `first` to before `until`, as a column expression. #}
{% macro interval_series(first, until, minutes) -%}
    unnest(range({{ first }}, {{ until }}, to_minutes({{ minutes }})))
{%- endmacro %}

{# The distinct values in alphabetical order, joined by ', '; NULL when there are none. #}
{% macro ordered_list(value) -%}
    string_agg(distinct {{ value }}, ', ' order by {{ value }})
{%- endmacro %}

{# Round half away from zero to nine decimals (1 mW, 1 mVA): roots and quotients only. The inner
   cast drops what a double leaves behind the ninth. #}
{% macro rounded(value) -%}
    cast(cast(round({{ value }}, 9) as decimal(28, 9)) as decimal(28, 18))
{%- endmacro %}

{# A number that differs when any column of a row does; sums of it are exact. #}
{% macro row_hash(relation) -%}
    cast(hash({{ relation }}) as decimal(38, 0))
{%- endmacro %}

{# Tables hold UTC; a session in another zone would shift them without failing a single test. #}
{% macro assert_session_is_utc() -%}
    {% if execute and var('net_convention') not in ('signed', 'gross') %}
        {{ exceptions.raise_compiler_error(
            "net_convention is '" ~ var('net_convention') ~ "'; allowed are signed and gross") }}
    {% endif %}
    select
        case
            when current_setting('TimeZone') not in ('UTC', 'Etc/UTC')
                then error('the session time zone must be UTC, see profiles.yml')
        end
{%- endmacro %}
