-- one row per feeder and interval of the system that the feeder's readings fill

{{ config(materialized="view") }}

with

-- shorter intervals are averaged by energy; a half-filled interval of the system has no value
summed as (
    select
        feeder,
        system_start_at,
        system_seconds,
        count(*) - count(mw_net) as unknown_mw,
        count(*) - count(mva_net) as unknown_mva,
        count(*) - count(mvar_net) as unknown_mvar,
        sum(mw_net * actual_seconds) as mw_seconds,
        sum(mva_net * actual_seconds) as mva_seconds,
        sum(mvar_net * actual_seconds) as mvar_seconds
    from {{ ref('system_readings') }}
    where not is_whole
    group by feeder, system_start_at, system_seconds
    having bool_and(is_reading and is_adjoining)
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
        end as mva_net,
        case
            when unknown_mvar = 0
                then {{ rounded('cast(mvar_seconds as double) / system_seconds') }}
        end as mvar_net
    from summed
)

select
    feeder,
    system_start_at as interval_start_at,
    del_raw,
    rec_raw,
    kva_del_raw,
    kva_rec_raw,
    mw_per_unit,
    mw_net,
    mva_net,
    mvar_net,
    pf_net
from {{ ref('system_readings') }}
where is_whole and is_reading
union all
select
    feeder,
    system_start_at as interval_start_at,
    null as del_raw,
    null as rec_raw,
    null as kva_del_raw,
    null as kva_rec_raw,
    null as mw_per_unit,
    mw_net,
    mva_net,
    mvar_net,
    cast(abs(mw_net) as double) / nullif(cast(mva_net as double), 0) as pf_net
from averaged
