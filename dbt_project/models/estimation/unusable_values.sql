-- one row per feeder, channel and expected interval whose value is missing, unknown or failed

with

channels as (
    select * from {{ ref('feeder_channels') }}
),

with_unknown as (
    select
        feeder,
        channel
    from channels
    where value_count < reading_count
),

failed as (
    select
        feeder,
        interval_start_at,
        'mw_' as quantity,
        reason
    from {{ ref('implausible_intervals') }}
    where reason <> 'member'
    union all
    select
        feeder,
        interval_start_at,
        'mva_' as quantity,
        reason
    from {{ ref('implausible_kva') }}
    where reason <> 'member'
)

select
    missing.feeder,
    channels.channel,
    missing.interval_start_at,
    missing.interval_minutes,
    'missing' as reason
from {{ ref('missing_intervals') }} as missing
inner join channels on missing.feeder = channels.feeder
union all
select
    profiles.feeder,
    with_unknown.channel,
    profiles.interval_start_at,
    profiles.interval_minutes,
    'unknown' as reason
from {{ ref('feeder_profiles') }} as profiles
inner join with_unknown on profiles.feeder = with_unknown.feeder
where
    not profiles.is_off_time_grid
    and {{ value_of('with_unknown.channel') }} is null
union all
select
    profiles.feeder,
    channels.channel,
    profiles.interval_start_at,
    profiles.interval_minutes,
    'failed' as reason
from failed
inner join {{ ref('feeder_profiles') }} as profiles
    on
        failed.feeder = profiles.feeder
        and failed.interval_start_at = profiles.interval_start_at
inner join channels
    on
        failed.feeder = channels.feeder
        and substr(channels.channel, 1, length(failed.quantity)) = failed.quantity
where
    not profiles.is_off_time_grid
    and {{ value_of('channels.channel') }} is not null
