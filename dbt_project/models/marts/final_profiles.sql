-- one row per feeder and expected interval, or other reading: the value that counts in the end

{{ config(materialized="view") }}

select
    profiles.feeder,
    profiles.interval_start_at,
    profiles.interval_minutes,
    profiles.actual_seconds,
    profiles.start_local,
    profiles.timezone,
    profiles.total_factor,
    profiles.mw_del,
    profiles.mw_rec,
    profiles.mw_net,
    profiles.mva_net,
    profiles.mvar_net,
    profiles.pf_net,
    case when profiles.mw_net is null then 'M' else 'A' end as status,
    cast(null as string) as method,
    case when profiles.mva_net is not null then 'A' end as mva_status,
    cast(null as decimal(28, 18)) as mw_net_low,
    cast(null as decimal(28, 18)) as mw_net_high
from {{ ref('feeder_profiles') }} as profiles
anti join {{ ref('final_exceptions') }} as exceptions
    on
        profiles.feeder = exceptions.feeder
        and profiles.interval_start_at = exceptions.interval_start_at
union all
select
    feeder,
    interval_start_at,
    interval_minutes,
    actual_seconds,
    start_local,
    timezone,
    total_factor,
    mw_del,
    mw_rec,
    mw_net,
    mva_net,
    mvar_net,
    pf_net,
    status,
    method,
    mva_status,
    mw_net_low,
    mw_net_high
from {{ ref('final_exceptions') }}
