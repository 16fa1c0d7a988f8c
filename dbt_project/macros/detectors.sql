{#- What two detectors, or several lags, need alike. -#}

{# Pearson's correlation of two columns of whole numbers, from exact sums; NULL where one of them
   does not vary. #}
{% macro exact_correlation(x, y) -%}
    {%- set x, y = wide(x), wide(y) -%}
    cast(count(*) * sum({{ x }} * {{ y }}) - sum({{ x }}) * sum({{ y }}) as double)
    / nullif(
        sqrt(cast(count(*) * sum({{ x }} * {{ x }}) - sum({{ x }}) * sum({{ x }}) as double))
        * sqrt(cast(count(*) * sum({{ y }} * {{ y }}) - sum({{ y }}) * sum({{ y }}) as double)), 0
    )
{%- endmacro %}

{# How far the correlations after lie from those before at the five middle lags, these taken from
   `ahead` lags further, or with the other sign; sums of three weeks in thousandths. #}
{% macro distance(sign, ahead) -%}
    {%- set terms = [] -%}
    {%- for place in range(1, 6) -%}
        {%- set pair = 'after_' ~ place ~ ' ' ~ sign ~ ' before_' ~ (place + ahead) -%}
        {%- do terms.append(squared(pair)) -%}
    {%- endfor -%}
    sqrt({{ terms | join(' + ') }}) / 3000
{%- endmacro %}

{# The file of the first of several rows, and how many more files have such rows. #}
{% macro in_files(first_file, file_count) -%}
    'in ' || {{ first_file }}
    || case
        when {{ file_count }} > 1
            then ' and ' || {{ shown(file_count ~ ' - 1') }} || ' more file'
                || case when {{ file_count }} > 2 then 's' else '' end
        else ''
    end
{%- endmacro %}

{# A moment to the minute, and from one to another. #}
{% macro to_the_minute(moment) -%}
    substring(cast({{ moment }} as string), 1, 16)
{%- endmacro %}

{% macro from_to(first, last) -%}
    case
        when {{ first }} = {{ last }} then 'at ' || {{ to_the_minute(first) }}
        else 'from ' || {{ to_the_minute(first) }} || ' to ' || {{ to_the_minute(last) }}
    end
{%- endmacro %}

{# "1 reading", "1,344 readings" #}
{% macro counted(count, noun) -%}
    {{ shown(count) }} || ' {{ noun }}' || case when {{ count }} = 1 then '' else 's' end
{%- endmacro %}

{# A length in seconds, in minutes where that is whole. #}
{% macro length_in_words(seconds) -%}
    case
        when mod({{ seconds }}, 60) = 0 then {{ shown(seconds ~ ' / 60') }} || ' min'
        else {{ shown(seconds) }} || ' s'
    end
{%- endmacro %}

{# Feeders as meter-data.csv writes them, by their names in the ledger, which are in lower case. #}
{% macro feeder_names() -%}
    (
        select
            feeder_key,
            min(feeder) as feeder
        from {{ ref('stg_meter_data') }}
        group by feeder_key
    )
{%- endmacro %}

{# The CTE `found`: by feeder and reason, which intervals are left out of peaks, and the reading of
   the highest among them. #}
{% macro left_out(intervals, value, passed_over) -%}
found as (
    select
        feeder,
        reason,
        min(local_date) as first_date,
        max(local_date) as last_date,
        count(*) as interval_count,
        cast(max({{ value }}) as double) as highest,
        max_by(start_local, ({{ value }}, -{{ microseconds('interval_start_at') }})) as start_local,
        max_by(file_id, ({{ value }}, -{{ microseconds('interval_start_at') }})) as file_id,
        max_by(line_number, ({{ value }}, -{{ microseconds('interval_start_at') }})) as line_number
    from {{ intervals }}
    where reason not in ('{{ passed_over | join("', '") }}')
    group by feeder, reason
)
{%- endmacro %}

{# "0.840 MW at 2024-07-12 11:00:00 (north.csv line 7)", of a row of `left_out` and its file. #}
{% macro highest_left_out(unit) -%}
    {{ shown('found.highest', 3) }} || ' {{ unit }} at '
    || cast(found.start_local as string) || ' (' || coalesce(files.file_name, '') || ' line '
    || coalesce(cast(found.line_number as string), '') || ')'
{%- endmacro %}
