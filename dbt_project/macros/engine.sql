{#- All SQL that differs between engines is here, in engine_duckdb and in engine_spark: what each
    macro means, and how DuckDB and Apache Spark write it. Where dbt has a macro (`dbt.dateadd`,
    `dbt.datediff`, ...) it is used. Both sessions are on UTC and a timestamp is one of UTC, or of a
    clock's local time. -#}

{# Whole microseconds since 1970, which differ in no time at all. #}
{% macro microseconds(moment) -%}
    {{ adapter.dispatch('microseconds')(moment) }}
{%- endmacro %}

{# A UTC timestamp as wall time of a zone; unambiguous in this direction. #}
{% macro to_local(moment, zone) -%}
    {{ adapter.dispatch('to_local')(moment, zone) }}
{%- endmacro %}

{# Wall time of a zone as UTC, for midnights: of an hour that comes twice it is one or the other. #}
{% macro to_utc(local, zone) -%}
    {{ adapter.dispatch('to_utc')(local, zone) }}
{%- endmacro %}

{# The day of the week of a date, Monday = 1 to Sunday = 7. #}
{% macro weekday(date) -%}
    {{ adapter.dispatch('weekday')(date) }}
{%- endmacro %}

{# One row per interval start from `first` to before `until`, as a column expression. #}
{% macro interval_series(first, until, minutes) -%}
    {{ adapter.dispatch('interval_series')(first, until, minutes) }}
{%- endmacro %}

{# One row per month, by its first moment, that has a part of `first` to before `until`. #}
{% macro month_series(first, until) -%}
    {{ adapter.dispatch('month_series')(first, until) }}
{%- endmacro %}

{# The latest start of an interval, at or before a moment, on a grid counted from 1970 in UTC. #}
{% macro floor_to_grid(moment, shift, minutes) -%}
    {{ dbt.dateadd(
        'minute',
        '-mod(' ~ dbt.datediff("timestamp '1970-01-01'", moment, 'minute')
        ~ ' - ' ~ shift ~ ', ' ~ minutes ~ ')',
        "date_trunc('minute', " ~ moment ~ ")"
    ) }}
{%- endmacro %}

{# The earliest start of an interval, at or after a moment, on the same grid. #}
{% macro ceil_to_grid(moment, shift, minutes) -%}
    {{ dbt.dateadd(
        'minute',
        'mod(' ~ minutes ~ ' - mod(' ~ dbt.datediff("timestamp '1970-01-01'", moment, 'minute')
        ~ ' - ' ~ shift ~ ', ' ~ minutes ~ '), ' ~ minutes ~ ')',
        moment
    ) }}
{%- endmacro %}

{# The day of a UTC timestamp on the system's clock; `system` is stg_system. #}
{% macro local_day(moment) -%}
    cast({{ to_local(moment, 'system.timezone') }} as date)
{%- endmacro %}

{# How often one whole number goes into another. #}
{% macro whole_quotient(dividend, divisor) -%}
    {{ adapter.dispatch('whole_quotient')(dividend, divisor) }}
{%- endmacro %}

{# x times x: a power function may round otherwise. #}
{% macro squared(value) -%}
    ({{ value }}) * ({{ value }})
{%- endmacro %}

{# Round half away from zero to nine decimals (1 mW, 1 mVA): roots and quotients only. By way of
   a whole number, so that there is one way to do it; NULL beyond nine billion, which nothing is. #}
{% macro rounded(value) -%}
    cast(
        try_cast(round(({{ value }}) * 1e9) as bigint) * cast(0.000000001 as decimal(9, 9))
        as decimal(28, 18)
    )
{%- endmacro %}

{# A double as the nearest whole number, however large. #}
{% macro whole_number(value) -%}
    {{ adapter.dispatch('whole_number')(value) }}
{%- endmacro %}

{# A whole number whose products and sums have room. #}
{% macro wide(value) -%}
    {{ adapter.dispatch('wide')(value) }}
{%- endmacro %}

{# The values of some columns as one text; what is NULL counts too. #}
{% macro joined(columns) -%}
    concat_ws(
        '|', {% for column in columns %}coalesce(cast({{ column }} as string), '-'){{ ", " if not loop.last }}{% endfor %}
    )
{%- endmacro %}

{# A decimal, of 18 decimals at most, as people write it: without zeros at its end. #}
{% macro plain(value) -%}
    regexp_replace({{ adapter.dispatch('all_digits')(value) }}, '[.]?0+$', '')
{%- endmacro %}

{# A figure as people read it, with thousands separators. #}
{% macro shown(value, decimals=0) -%}
    {{ adapter.dispatch('shown')(value, decimals) }}
{%- endmacro %}

{# The distinct values in alphabetical order, joined by ', '; NULL when there are none. #}
{% macro ordered_list(value) -%}
    {{ adapter.dispatch('ordered_list')(value) }}
{%- endmacro %}

{# The same as a list that keeps each value whole. #}
{% macro distinct_list(value) -%}
    {{ adapter.dispatch('distinct_list')(value) }}
{%- endmacro %}

{# One row for each entry of a list; none for NULL. #}
{% macro each_of(list) -%}
    {{ adapter.dispatch('each_of')(list) }}
{%- endmacro %}

{# One entry of a list, counted from 1. #}
{% macro entry(list, place) -%}
    {{ adapter.dispatch('entry')(list, place) }}
{%- endmacro %}

{% macro has_all(list, part) -%}
    {{ adapter.dispatch('has_all')(list, part) }}
{%- endmacro %}

{# The first value, in the order of something, that is known where that is too. #}
{% macro first_known(value, in_order_of) -%}
    min_by({{ value }}, case when {{ value }} is not null then {{ in_order_of }} end)
{%- endmacro %}

{# The value at a share of the way from the lowest to the highest, one that occurs: the lowest that
   at least this share of all values do not exceed. #}
{% macro quantile(value, share) -%}
    {{ adapter.dispatch('quantile')(value, share) }}
{%- endmacro %}

{# The values at several shares of the way, as one list. #}
{% macro quantiles(value, shares) -%}
    {{ adapter.dispatch('quantiles')(value, shares) }}
{%- endmacro %}

{# The third-highest value of a group; NULL when there are fewer. #}
{% macro third_highest(value) -%}
    {{ adapter.dispatch('third_highest')(value) }}
{%- endmacro %}

{# How many different whole numbers from 0 to `until` - 1 there are. #}
{% macro count_different(number, until) -%}
    {{ adapter.dispatch('count_different')(number, until) }}
{%- endmacro %}

{# For a CTE that is read more than once: put it in each place, where filters reach its tables. #}
{% macro inlined() -%}
    {{ adapter.dispatch('inlined')() }}
{%- endmacro %}

{# Tables hold UTC; a session in another zone would shift them without failing a single test. #}
{% macro assert_session_is_utc() -%}
    {% if execute and var('net_convention') not in ('signed', 'gross') %}
        {{ exceptions.raise_compiler_error(
            "net_convention is '" ~ var('net_convention') ~ "'; allowed are signed and gross") }}
    {% endif %}
    {{ adapter.dispatch('assert_session_is_utc')() }}
{%- endmacro %}

{# Where the tables of schema raw are. #}
{% macro show_raw_tables() -%}
    {{ adapter.dispatch('show_raw_tables')() }}
{%- endmacro %}
