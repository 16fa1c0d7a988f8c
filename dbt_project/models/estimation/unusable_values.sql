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

-- what is no load has no apparent and no reactive power either; with a wrong kVA alone the interval
-- is suspect, as in interval_validations
failed as (
    select
        feeder,
        interval_start_at,
        '' as quantity,
        'failed' as reason
    from {{ ref('implausible_intervals') }}
    where reason <> 'member'
    union
    select
        feeder,
        interval_start_at,
        'mva_' as quantity,
        'suspect' as reason
    from {{ ref('implausible_kva') }}
    where reason <> 'member'
),

decided as (
    select
        feeder,
        interval_start_at,
        channel
    from {{ ref('edited_values') }}
    where edited is null
),

doubted as (
    select
        failed.feeder,
        failed.interval_start_at,
        channels.channel,
        failed.reason
    from failed
    inner join channels
        on
            failed.feeder = channels.feeder
            and substr(channels.channel, 1, length(failed.quantity)) = failed.quantity
    union
    select
        decided.feeder,
        decided.interval_start_at,
        decided.channel,
        'decided' as reason
    from decided
),

first_doubts as (
    select
        feeder,
        interval_start_at,
        channel,
        case when count(*) filter (where reason = 'failed') > 0 then 'failed' else max(reason) end
            as reason
    from doubted
    group by feeder, interval_start_at, channel
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
    doubts.channel,
    profiles.interval_start_at,
    profiles.interval_minutes,
    doubts.reason
from first_doubts as doubts
inner join {{ ref('feeder_profiles') }} as profiles
    on
        doubts.feeder = profiles.feeder
        and doubts.interval_start_at = profiles.interval_start_at
where
    not profiles.is_off_time_grid
    and {{ value_of('doubts.channel') }} is not null
