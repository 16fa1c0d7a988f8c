{#- macros/engine.sql for DuckDB. -#}

{% macro duckdb__microseconds(moment) -%}
    epoch_us({{ moment }})
{%- endmacro %}

{% macro duckdb__to_local(moment, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ moment }}))
{%- endmacro %}

{% macro duckdb__to_utc(local, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ local }}))
{%- endmacro %}

{% macro duckdb__weekday(date) -%}
    isodow({{ date }})
{%- endmacro %}

{% macro duckdb__interval_series(first, until, minutes) -%}
    unnest(range({{ first }}, {{ until }}, to_minutes({{ minutes }})))
{%- endmacro %}

{% macro duckdb__month_series(first, until) -%}
    unnest(range(date_trunc('month', {{ first }}), {{ until }}, interval 1 month))
{%- endmacro %}

{% macro duckdb__whole_quotient(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}

{% macro duckdb__whole_number(value) -%}
    cast(round({{ value }}) as decimal(38, 0))
{%- endmacro %}

{# Sums of whole numbers are of 128 bits. #}
{% macro duckdb__wide(value) -%}
    {{ value }}
{%- endmacro %}

{% macro duckdb__all_digits(value) -%}
    cast({{ value }} as string)
{%- endmacro %}

{% macro duckdb__shown(value, decimals) -%}
    format('{:,.{{ decimals }}f}', cast({{ value }} as double))
{%- endmacro %}

{% macro duckdb__ordered_list(value) -%}
    string_agg(distinct {{ value }}, ', ' order by {{ value }})
{%- endmacro %}

{% macro duckdb__distinct_list(value) -%}
    list(distinct {{ value }} order by {{ value }}) filter (where {{ value }} is not null)
{%- endmacro %}

{% macro duckdb__each_of(list) -%}
    unnest({{ list }})
{%- endmacro %}

{% macro duckdb__entry(list, place) -%}
    {{ list }}[{{ place }}]
{%- endmacro %}

{% macro duckdb__has_all(list, part) -%}
    list_has_all({{ list }}, {{ part }})
{%- endmacro %}

{% macro duckdb__quantile(value, share) -%}
    quantile_disc({{ value }}, {{ share }})
{%- endmacro %}

{% macro duckdb__quantiles(value, shares) -%}
    quantile_disc({{ value }}, [{{ shares | join(', ') }}])
{%- endmacro %}

{% macro duckdb__third_highest(value) -%}
    list_extract(max({{ value }}, 3), 3)
{%- endmacro %}

{# A bit for each, which takes a fraction of a table of all keys. #}
{% macro duckdb__count_different(number, until) -%}
    bit_count(bitstring_agg(cast({{ number }} as int), 0, {{ until - 1 }}))
{%- endmacro %}

{% macro duckdb__inlined() -%}
    not materialized
{%- endmacro %}

{% macro duckdb__assert_session_is_utc() -%}
    select
        case
            when current_setting('TimeZone') not in ('UTC', 'Etc/UTC')
                then error('the session time zone must be UTC, see profiles.yml')
        end
{%- endmacro %}

{# Ingest has made them in this very file. #}
{% macro duckdb__show_raw_tables() -%}
{%- endmacro %}
