{# The CTEs from `members` on to `in_system`: in which interval of the system each of them counts,
   and how. `members` has `columns` but for system_minutes, system_seconds and timezone; `key` names
   what fills an interval together; `system` is stg_system. #}
{% macro placed_in_system(columns, key='feeder') -%}
-- totals are as fine as the longest interval of any feeder
placed as {{ inlined() }} (
    select
        members.*,
        system.interval_minutes as system_minutes,
        system.interval_minutes * 60 as system_seconds,
        system.timezone,
        {{ floor_to_grid(
            'members.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as system_start_at
    from members
    cross join system
),

crowded as (
    select distinct
        {{ key }},
        system_start_at
    from placed
    where interval_start_at <> system_start_at or actual_seconds <> system_seconds
),

judged as (
    select
        placed.*,
        bool_or(
            placed.is_reading
            and placed.interval_start_at = placed.system_start_at
            and placed.actual_seconds = placed.system_seconds
        ) over (partition by placed.{{ key }}, placed.system_start_at) as has_whole
    from placed
    inner join crowded
        on
            placed.{{ key }} = crowded.{{ key }}
            and placed.system_start_at = crowded.system_start_at
),

-- a whole reading is that of its interval, whatever else starts inside it
counted as (
    select * from judged
    where
        not has_whole
        or (is_reading and interval_start_at = system_start_at and actual_seconds = system_seconds)
),

in_system as (
    select
        {{ columns | join(', ') }},
        system_start_at,
        has_whole as is_whole,
        -- a piece begins where the one before it ends, and ends where the next one begins
        interval_start_at = coalesce(
            lag({{ dbt.dateadd(
                'second', 'actual_seconds', 'interval_start_at'
            ) }}) over pieces, system_start_at
        )
        and {{ dbt.dateadd('second', 'actual_seconds', 'interval_start_at') }} = coalesce(
            lead(interval_start_at) over pieces, {{ dbt.dateadd(
                'second', 'system_seconds', 'system_start_at'
            ) }}
        ) as is_adjoining
    from counted
    window pieces as (partition by {{ key }}, system_start_at order by interval_start_at)
    union all
    -- most intervals are the system's own
    select
        placed.{{ columns | join(', placed.') }},
        -- named by what the tables hold, so that a range of time reaches them
        placed.interval_start_at as system_start_at,
        true as is_whole,
        true as is_adjoining
    from placed
    anti join crowded
        on placed.{{ key }} = crowded.{{ key }} and placed.system_start_at = crowded.system_start_at
)
{%- endmacro %}
