{# The CTEs `peaks` and `shares`: what each feeder had in the interval of a day's highest total,
   which `days` names. #}
{% macro coincident_shares(days, where_days, where_profiles) -%}
-- every start that a feeder's interval can have inside the one of the day's highest total
peaks as (
    select
        days.local_date,
        days.peak_at,
        days.interval_minutes * 60 as peak_seconds,
        {{ interval_series(
            'days.peak_at', dbt.dateadd('minute', 'days.interval_minutes', 'days.peak_at'), '1'
        ) }} as interval_start_at
    from {{ days }} as days
    where
        days.feeder = 'total'
        and {{ where_days }}
),

shares as (
    select
        profiles.feeder,
        peaks.local_date,
        {{ rounded(
            'cast(sum(profiles.total_factor * profiles.mw_net * profiles.actual_seconds)'
            ~ ' as double) / peaks.peak_seconds'
        ) }} as coincident_mw
    from {{ ref('feeder_profiles') }} as profiles
    inner join peaks on profiles.interval_start_at = peaks.interval_start_at
    where
        profiles.total_factor <> 0
        and {{ where_profiles }}
    group by profiles.feeder, peaks.local_date, peaks.peak_seconds
)
{%- endmacro %}
