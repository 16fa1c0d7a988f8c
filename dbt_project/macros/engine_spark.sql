{#- macros/engine.sql for Apache Spark. -#}

{# dbt's own macros would go by way of whole seconds, or of dates. #}
{% macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    ({{ from_date_or_timestamp }} + {{ {
        'second': 'make_dt_interval(0, 0, 0, cast(' ~ interval ~ ' as decimal(18, 6)))',
        'minute': 'make_dt_interval(0, 0, cast(' ~ interval ~ ' as int))',
        'month': 'make_ym_interval(0, cast(' ~ interval ~ ' as int))',
    }[datepart] }})
{%- endmacro %}

{% macro spark__datediff(first_date, second_date, datepart) -%}
    {{ {
        'second': '(unix_seconds(' ~ second_date ~ ') - unix_seconds(' ~ first_date ~ '))',
        'minute': '(unix_seconds(' ~ second_date ~ ') div 60 - unix_seconds('
            ~ first_date ~ ') div 60)',
        'day': 'datediff(' ~ second_date ~ ', ' ~ first_date ~ ')',
    }[datepart] }}
{%- endmacro %}

{% macro spark__microseconds(moment) -%}
    unix_micros({{ moment }})
{%- endmacro %}

{% macro spark__to_local(moment, zone) -%}
    from_utc_timestamp({{ moment }}, {{ zone }})
{%- endmacro %}

{% macro spark__to_utc(local, zone) -%}
    to_utc_timestamp({{ local }}, {{ zone }})
{%- endmacro %}

{% macro spark__weekday(date) -%}
    (weekday({{ date }}) + 1)
{%- endmacro %}

{# A sequence holds its end too, and must not run backwards. #}
{% macro spark__interval_series(first, until, minutes) -%}
    explode(case
        when {{ first }} < {{ until }}
            then sequence(
                {{ first }}, {{ until }} - interval '0.000001' second,
                make_dt_interval(0, 0, cast({{ minutes }} as int))
            )
    end)
{%- endmacro %}

{% macro spark__month_series(first, until) -%}
    explode(case
        when date_trunc('month', {{ first }}) < {{ until }}
            then sequence(
                date_trunc('month', {{ first }}), {{ until }} - interval '0.000001' second,
                interval 1 month
            )
    end)
{%- endmacro %}

{% macro spark__whole_quotient(dividend, divisor) -%}
    (({{ dividend }}) div ({{ divisor }}))
{%- endmacro %}

{# A cast goes by way of the shortest text of a double; powers of two take it apart exactly. #}
{% macro spark__whole_number(value) -%}
    {%- set whole, part = 'round(' ~ value ~ ')', '1099511627776' -%}
    cast(
        cast(cast({{ whole }} / {{ part }}D as bigint) as decimal(20, 0))
        * cast({{ part }} as decimal(13, 0))
        + cast({{ whole }} - cast(cast({{ whole }} / {{ part }}D as bigint) as double)
        * {{ part }}D as bigint) as decimal(38, 0)
    )
{%- endmacro %}

{% macro spark__wide(value) -%}
    cast({{ value }} as decimal(18, 0))
{%- endmacro %}

{# A cast would write 0 as 0E-18. #}
{% macro spark__all_digits(value) -%}
    replace(format_number({{ value }}, 18), ',', '')
{%- endmacro %}

{% macro spark__shown(value, decimals) -%}
    format_number(cast({{ value }} as double), {{ decimals }})
{%- endmacro %}

{% macro spark__ordered_list(value) -%}
    nullif(array_join(array_sort(collect_set({{ value }})), ', '), '')
{%- endmacro %}

{% macro spark__distinct_list(value) -%}
    case when count({{ value }}) > 0 then array_sort(collect_set({{ value }})) end
{%- endmacro %}

{% macro spark__each_of(list) -%}
    explode({{ list }})
{%- endmacro %}

{% macro spark__entry(list, place) -%}
    element_at({{ list }}, {{ place }})
{%- endmacro %}

{% macro spark__has_all(list, part) -%}
    size(array_except({{ part }}, {{ list }})) = 0
{%- endmacro %}

{# Its own percentile_disc multiplies doubles, which may come out at the next value. #}
{% macro spark__quantile(value, share) -%}
    try_element_at(
        sort_array(collect_list({{ value }})),
        cast(greatest(1, ceil(count({{ value }}) * {{ share }})) as int)
    )
{%- endmacro %}

{% macro spark__quantiles(value, shares) -%}
    {%- set levels = [] -%}
    {%- for share in shares -%}
        {%- do levels.append(spark__quantile(value, share)) -%}
    {%- endfor -%}
    array({{ levels | join(', ') }})
{%- endmacro %}

{% macro spark__third_highest(value) -%}
    try_element_at(sort_array(collect_list({{ value }}), false), 3)
{%- endmacro %}

{% macro spark__count_different(number, until) -%}
    count(distinct {{ number }})
{%- endmacro %}

{% macro spark__inlined() -%}
{%- endmacro %}

{# Asked here: a statement of a hook is only planned, as nobody fetches its rows. #}
{% macro spark__assert_session_is_utc() -%}
    {%- if execute -%}
        {%- set zone = run_query('select current_timezone()').columns[0].values()[0] -%}
        {%- if zone not in ('UTC', 'Etc/UTC') -%}
            {{ exceptions.raise_compiler_error(
                "the session time zone must be UTC, see profiles.yml; it is " ~ zone) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{# What `load-profile export-raw` has written; a path of this machine or of an object store. Seeds
   alone need none of it. #}
{% macro spark__show_raw_tables() -%}
    {%- set tables = ['files', 'file_months', 'meter_data', 'clock_days', 'decisions', 'register_reads',
        'interval_reads'] -%}
    {%- set others = [] -%}
    {%- for name in (selected_resources if execute else []) if name in graph.nodes -%}
        {%- for used in [name] + graph.nodes[name].depends_on.get('nodes', [])
            if used.startswith('model.') or used.startswith('source.') -%}
            {%- do others.append(used) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if others -%}
        {%- do run_query('create schema if not exists raw') -%}
    {%- endif -%}
    {%- for table in tables if others -%}
        {%- do run_query(
            'create or replace view raw.' ~ table ~ ' as select * from parquet.`'
            ~ env_var('LOAD_PROFILE_RAW', 'warehouse/raw') ~ '/' ~ table ~ '`'
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{# Values as literals: the adapter would write an empty cell as the word None. #}
{% macro spark__load_csv_rows(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set cells = [] -%}
        {%- for name in agate_table.column_names -%}
            {%- set value = 'null' if row[name] is none else "'" ~ (
                row[name] | string | replace('\\', '\\\\') | replace("'", "\\'")
            ) ~ "'" -%}
            {%- do cells.append('cast(' ~ value ~ ' as ' ~ types[name] ~ ')') -%}
        {%- endfor -%}
        {%- do rows.append('(' ~ cells | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- set sql = 'insert into ' ~ this ~ ' values ' ~ rows | join(', ') -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{- return(sql) -}}
{%- endmacro %}
