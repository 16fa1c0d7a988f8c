{#- What one engine says differently from another stands here and nowhere else. -#}

{% macro add_minutes(moment, minutes) -%}
    {{ moment }} + to_minutes({{ minutes }})
{%- endmacro %}

{% macro add_seconds(moment, seconds) -%}
    {{ moment }} + to_seconds({{ seconds }})
{%- endmacro %}

{% macro minutes_between(first, second) -%}
    cast(date_diff('minute', {{ first }}, {{ second }}) as bigint)
{%- endmacro %}

{% macro seconds_between(first, second) -%}
    cast(date_diff('second', {{ first }}, {{ second }}) as bigint)
{%- endmacro %}

{# Whole microseconds since 1970, which differ in no time at all. #}
{% macro microseconds(moment) -%}
    epoch_us({{ moment }})
{%- endmacro %}

{# A UTC timestamp as wall time of a zone; unambiguous in this direction. #}
{% macro to_local(moment, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ moment }}))
{%- endmacro %}

{# One row per interval start from `first` to before `until`, as a column expression. #}
{% macro interval_series(first, until, minutes) -%}
    unnest(range({{ first }}, {{ until }}, to_minutes({{ minutes }})))
{%- endmacro %}

{# The first of the month after a moment that is one. #}
{% macro add_month(month) -%}
    {{ month }} + interval 1 month
{%- endmacro %}

{# One row per month, by its first moment, that has a part of `first` to before `until`. #}
{% macro month_series(first, until) -%}
    unnest(range(date_trunc('month', {{ first }}), {{ until }}, interval 1 month))
{%- endmacro %}

{# The latest start of an interval, at or before a moment, on a grid counted from 1970 in UTC. #}
{% macro floor_to_grid(moment, shift, minutes) -%}
    {{ add_minutes(
        "date_trunc('minute', " ~ moment ~ ")",
        '-mod(' ~ minutes_between("timestamp '1970-01-01'", moment)
        ~ ' - ' ~ shift ~ ', ' ~ minutes ~ ')'
    ) }}
{%- endmacro %}

{# The earliest start of an interval, at or after a moment, on the same grid. #}
{% macro ceil_to_grid(moment, shift, minutes) -%}
    {{ add_minutes(
        moment, 'mod(' ~ minutes ~ ' - mod(' ~ minutes_between("timestamp '1970-01-01'", moment)
        ~ ' - ' ~ shift ~ ', ' ~ minutes ~ '), ' ~ minutes ~ ')'
    ) }}
{%- endmacro %}

{# The values of some columns as one text; what is NULL counts too. #}
{% macro joined(columns) -%}
    concat_ws(
        '|', {% for column in columns %}coalesce(cast({{ column }} as string), '-'){{ ", " if not loop.last }}{% endfor %}
    )
{%- endmacro %}

{# The distinct values in alphabetical order, joined by ', '; NULL when there are none. #}
{% macro ordered_list(value) -%}
    string_agg(distinct {{ value }}, ', ' order by {{ value }})
{%- endmacro %}

{# The value at a share of the way from the lowest to the highest, one that occurs. #}
{% macro quantile(value, share) -%}
    quantile_disc({{ value }}, {{ share }})
{%- endmacro %}

{# The values at several shares of the way, as one list. #}
{% macro quantiles(value, shares) -%}
    quantile_disc({{ value }}, [{{ shares | join(', ') }}])
{%- endmacro %}

{# For a CTE that is read more than once: put it in each place, where filters reach its tables. #}
{% macro inlined() -%}
    not materialized
{%- endmacro %}

{# The third-highest value of a group; NULL when there are fewer. #}
{% macro third_highest(value) -%}
    list_extract(max({{ value }}, 3), 3)
{%- endmacro %}

{# The day of a UTC timestamp on the system's clock; `system` is stg_system. #}
{% macro local_day(moment) -%}
    cast({{ to_local(moment, 'system.timezone') }} as date)
{%- endmacro %}

{# A figure as people read it, with thousands separators. #}
{% macro shown(value, decimals=0) -%}
    format('{:,.{{ decimals }}f}', cast({{ value }} as double))
{%- endmacro %}

{# The same as a list that keeps each value whole, and one row for each entry of such a list. #}
{% macro distinct_list(value) -%}
    list(distinct {{ value }} order by {{ value }}) filter (where {{ value }} is not null)
{%- endmacro %}

{% macro each_of(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro is_one_of(value, list) -%}
    list_contains({{ list }}, {{ value }})
{%- endmacro %}

{% macro has_all(list, part) -%}
    list_has_all({{ list }}, {{ part }})
{%- endmacro %}

{# Round half away from zero to nine decimals (1 mW, 1 mVA): roots and quotients only. The inner
   cast drops what a double leaves behind the ninth. #}
{% macro rounded(value) -%}
    cast(cast(round({{ value }}, 9) as decimal(28, 9)) as decimal(28, 18))
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

{# How many different whole numbers from 0 to `until` - 1 there are. #}
{% macro count_different(number, until) -%}
    bit_count(bitstring_agg(cast({{ number }} as int), 0, {{ until - 1 }}))
{%- endmacro %}
