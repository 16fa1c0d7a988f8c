-- one row per feeder and interval of the system that the feeder's readings fill

{{ config(materialized="view") }}

with

profiles as (
    select * from {{ ref('feeder_profiles') }}
),

system as (
    select * from {{ ref('stg_system') }}
),

same_length as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.mw_net,
        profiles.mva_net,
        profiles.pf_net
    from profiles
    inner join system on profiles.interval_minutes = system.interval_minutes
),

-- shorter intervals are averaged by energy; a half-filled interval of the system has no value
shorter as (
    select
        profiles.feeder,
        {{ floor_to_grid(
            'profiles.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as system_start_at,
        system.interval_minutes,
        sum(profiles.interval_minutes) as minutes_filled,
        count(*) - count(profiles.mw_net) as unknown_mw,
        count(*) - count(profiles.mva_net) as unknown_mva,
        sum(profiles.mw_net * profiles.interval_minutes) as mw_minutes,
        sum(profiles.mva_net * profiles.interval_minutes) as mva_minutes
    from profiles
    inner join system on profiles.interval_minutes < system.interval_minutes
    group by profiles.feeder, system_start_at, system.interval_minutes
),

averaged as (
    select
        feeder,
        system_start_at,
        case
            when unknown_mw = 0
                then {{ rounded('cast(mw_minutes as double) / interval_minutes') }}
        end as mw_net,
        case
            when unknown_mva = 0
                then {{ rounded('cast(mva_minutes as double) / interval_minutes') }}
        end as mva_net
    from shorter
    where minutes_filled = interval_minutes
)

select
    feeder,
    interval_start_at,
    mw_net,
    mva_net,
    pf_net
from same_length
union all
select
    feeder,
    system_start_at as interval_start_at,
    mw_net,
    mva_net,
    cast(abs(mw_net) as double) / nullif(cast(mva_net as double), 0) as pf_net
from averaged
