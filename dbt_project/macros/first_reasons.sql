{# The CTEs after `found`, which names reasons why a reading may make no peak: `first_reasons`, the
   first reason of each reading; `feeders`, these readings with more columns of either; `totals`,
   the intervals of the total in which one of them counts. #}
{% macro first_reasons(columns) -%}
first_reasons as (
    select * from found
    qualify row_number() over (partition by feeder, interval_start_at order by place) = 1
),

feeders as (
    select
        reasons.feeder,
        reasons.interval_start_at,
        reasons.reason,
        {{ columns | join(', ') }},
        profiles.total_factor,
        profiles.file_id,
        profiles.line_number
    from {{ ref('feeder_profiles') }} as profiles
    inner join first_reasons as reasons
        on
            profiles.feeder = reasons.feeder
            and profiles.interval_start_at = reasons.interval_start_at
),

-- an interval of the total is as long as the longest of a feeder, or longer
totals as (
    select distinct
        {{ floor_to_grid(
            'feeders.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as interval_start_at
    from feeders
    cross join {{ ref('stg_system') }} as system
    where feeders.total_factor <> 0
)
{%- endmacro %}
