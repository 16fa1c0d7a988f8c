-- one row per feeder and interval of the system that the feeder's readings fill

{{ config(materialized="view") }}

with

system as (
    select * from {{ ref('stg_system') }}
),

-- shorter intervals are averaged by energy; a half-filled interval of the system has no value
shorter as (
    select
        profiles.*,
        system.interval_minutes * 60 as system_seconds,
        {{ floor_to_grid(
            'profiles.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as system_start_at
    from {{ ref('feeder_profiles') }} as profiles
    inner join system on profiles.actual_seconds < system.interval_minutes * 60
),

joined as (
    select
        *,
        {{ meets_next() }} as meets_next
    from shorter
),

summed as (
    select
        feeder,
        system_start_at,
        system_seconds,
        count(*) - count(mw_net) as unknown_mw,
        count(*) - count(mva_net) as unknown_mva,
        sum(mw_net * actual_seconds) as mw_seconds,
        sum(mva_net * actual_seconds) as mva_seconds
    from joined
    group by feeder, system_start_at, system_seconds
    having min(interval_start_at) = system_start_at and bool_and(meets_next)
),

averaged as (
    select
        feeder,
        system_start_at,
        case
            when unknown_mw = 0
                then {{ rounded('cast(mw_seconds as double) / system_seconds') }}
        end as mw_net,
        case
            when unknown_mva = 0
                then {{ rounded('cast(mva_seconds as double) / system_seconds') }}
        end as mva_net
    from summed
)

select
    profiles.feeder,
    profiles.interval_start_at,
    profiles.kw_del,
    profiles.kw_rec,
    profiles.kva_del,
    profiles.kva_rec,
    profiles.mw_per_unit,
    profiles.mw_net,
    profiles.mva_net,
    profiles.pf_net
from {{ ref('feeder_profiles') }} as profiles
inner join system on profiles.actual_seconds = system.interval_minutes * 60
where not profiles.is_off_grid
union all
select
    feeder,
    system_start_at as interval_start_at,
    null as kw_del,
    null as kw_rec,
    null as kva_del,
    null as kva_rec,
    null as mw_per_unit,
    mw_net,
    mva_net,
    cast(abs(mw_net) as double) / nullif(cast(mva_net as double), 0) as pf_net
from averaged
