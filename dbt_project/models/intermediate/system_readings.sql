-- one row per feeder and reading, or missing interval, that counts in an interval of the system

{{ config(materialized="view") }}

{% set values = [
    'del_raw', 'rec_raw', 'kva_del_raw', 'kva_rec_raw', 'mw_per_unit', 'mw_del', 'mw_rec', 'mw_net',
    'mw_gross', 'mva_net', 'mva_net_min', 'mvar_del', 'mvar_rec', 'mvar_net', 'pf_net',
] %}
{% set columns = [
    'feeder', 'interval_start_at', 'actual_seconds', 'system_minutes', 'system_seconds', 'timezone',
    'total_factor', 'can_be_peak', 'is_reading',
] + values %}

with

system as (
    select * from {{ ref('stg_system') }}
),

members as (
    select
        feeder,
        interval_start_at,
        actual_seconds,
        total_factor,
        can_be_peak,
        true as is_reading,
        {{ values | join(', ') }}
    from {{ ref('feeder_profiles') }}
    union all
    select
        feeder,
        interval_start_at,
        interval_minutes * 60 as actual_seconds,
        total_factor,
        false as can_be_peak,
        false as is_reading,
        null as {{ values | join(', null as ') }}
    from {{ ref('missing_intervals') }}
),

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
        feeder,
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
        ) over (partition by placed.feeder, placed.system_start_at) as has_whole
    from placed
    inner join crowded
        on
            placed.feeder = crowded.feeder
            and placed.system_start_at = crowded.system_start_at
),

-- a whole reading is that of its interval, whatever else starts inside it
counted as (
    select * from judged
    where
        not has_whole
        or (is_reading and interval_start_at = system_start_at and actual_seconds = system_seconds)
)

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
window pieces as (partition by feeder, system_start_at order by interval_start_at)
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
    on placed.feeder = crowded.feeder and placed.system_start_at = crowded.system_start_at
