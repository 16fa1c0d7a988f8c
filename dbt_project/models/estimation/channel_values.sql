-- one row per feeder, channel and interval with a value that estimates may rest on, actual
-- or edited, of the feeders with something to estimate and of those that may help

with

feeders as (
    select feeder from {{ ref('unusable_values') }}
    union
    select sibling as feeder from {{ ref('sibling_candidates') }}
),

channels as (
    select channels.*
    from {{ ref('feeder_channels') }} as channels
    inner join feeders on channels.feeder = feeders.feeder
),

known as (
    select
        profiles.feeder,
        channels.channel,
        profiles.interval_start_at,
        profiles.interval_minutes,
        {{ to_local('profiles.interval_start_at', 'system.timezone') }} as start_local,
        coalesce(profiles.event_handling = 'outage', false) as is_outage,
        -- mW, mVA or mvar: a whole number, so that every sum is exact
        cast(round(1e9 * cast(case
            when edited.feeder is not null then edited.edited
            else {{ value_of('channels.channel') }}
        end as double)) as bigint) as milliwatts
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join channels on profiles.feeder = channels.feeder
    left join {{ ref('edited_values') }} as edited
        on
            channels.feeder = edited.feeder
            and channels.channel = edited.channel
            and profiles.interval_start_at = edited.interval_start_at
    where profiles.can_be_peak
)

select known.*
from known
anti join {{ ref('unusable_values') }} as unusable
    on
        known.feeder = unusable.feeder
        and known.channel = unusable.channel
        and known.interval_start_at = unusable.interval_start_at
where known.milliwatts is not null
