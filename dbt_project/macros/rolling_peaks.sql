{#- The highest means of 30 and 60 minutes of each day: the CTEs from `intervals` on that end in
    `rolling`. -#}

{% macro rolling_peaks(can_be_peak) -%}
-- the last 30 and 60 minutes at the end of every interval; readings that can be no peak are holes
valid as {{ inlined() }} (
    select * from intervals
    where {{ can_be_peak }} and mw_net is not null
),

shorter as (
    select
        feeder,
        local_date,
        interval_minutes,
        mw_net,
        {{ dbt.datediff(
            "timestamp '1970-01-01'", 'interval_start_at', 'minute'
        ) }} + interval_minutes
            as end_minute
    from valid
    where interval_minutes < 15
),

rolled as (
    select
        feeder,
        local_date,
        interval_minutes,
        {{ neighbour_sum(30) }} as mw_30,
        {{ neighbour_sum(60) }} as mw_60
    from valid
    where interval_minutes >= 15
    window feeder_time as (partition by feeder order by interval_start_at)
    union all
    select
        feeder,
        local_date,
        interval_minutes,
        {{ frame_sum(30) }} as mw_30,
        {{ frame_sum(60) }} as mw_60
    from shorter
),

highest as (
    select
        feeder,
        local_date,
        interval_minutes,
        max(mw_30) as mw_30,
        max(mw_60) as mw_60
    from rolled
    group by feeder, local_date, interval_minutes
),

rolling as (
    select
        feeder,
        local_date,
        {{ rounded('cast(max(mw_30 * interval_minutes) as double) / 30') }} as peak_30min_mw,
        {{ rounded('cast(max(mw_60 * interval_minutes) as double) / 60') }} as peak_60min_mw
    from highest
    group by feeder, local_date
)
{%- endmacro %}

{# MW added up over the last `minutes` at the end of an interval, NULL where one is missing; of up
   to four intervals from the neighbours, which is fast. #}
{% macro neighbour_sum(minutes) -%}
    {%- set whens = [] -%}
    {%- for count in range(minutes // 15, 0, -1) -%}
        {%- set terms = ['mw_net'] -%}
        {%- for place in range(1, count) -%}
            {%- do terms.append('lag(mw_net, ' ~ place ~ ') over feeder_time') -%}
        {%- endfor -%}
        {%- do whens.append(
            'when interval_minutes * ' ~ count ~ ' = ' ~ minutes
            ~ (' and ' ~ reaches_back(minutes, count - 1) if count > 1 else '')
            ~ ' then ' ~ terms | join(' + ')
        ) -%}
    {%- endfor -%}
    case {{ whens | join(' ') }} end
{%- endmacro %}

{# The same of any number of intervals: of those that end within the last `minutes`, if they are of
   one length and fill them. #}
{% macro frame_sum(minutes) -%}
    {%- set within -%}
        over (
            partition by feeder order by end_minute
            range between {{ minutes - 1 }} preceding and current row
        )
    {%- endset -%}
    case
        when
            count(*) {{ within }} * interval_minutes = {{ minutes }}
            and min(interval_minutes) {{ within }} = interval_minutes
            and max(interval_minutes) {{ within }} = interval_minutes
            then sum(mw_net) {{ within }}
    end
{%- endmacro %}

{# Whether the last `minutes` began so many intervals before this one, with a meter of the same
   length; two exchanges of meters within an hour are not thought of. #}
{% macro reaches_back(minutes, intervals) -%}
    {{ microseconds('interval_start_at') }}
    - {{ microseconds('lag(interval_start_at, ' ~ intervals ~ ') over feeder_time') }}
    = ({{ minutes }} - interval_minutes) * 60000000
    and lag(interval_minutes, {{ intervals }}) over feeder_time = interval_minutes
{%- endmacro %}
