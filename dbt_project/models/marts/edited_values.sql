-- one row per feeder, interval and channel that a decision in force is about

-- A table as small as its decisions, made of them in every build. Of several decisions for one
-- value the last one holds; each starts from the actual value, never from another decision's.
{% set channels = [
    ('mw_del', 'mw_rec'), ('mw_rec', 'mw_del'), ('mva_del', 'mva_rec'), ('mva_rec', 'mva_del'),
    ('mvar_del', 'mvar_rec'), ('mvar_rec', 'mvar_del'),
] %}

with

decisions as (
    select * from {{ ref('decisions') }}
    where is_in_force
),

readings as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.start_local,
        {% for channel, _ in channels -%}
            profiles.{{ channel }},
        {% endfor -%}
        decisions.decision,
        decisions.action,
        decisions.channel as decided_channel,
        decisions.value
    from {{ ref('feeder_profiles') }} as profiles
    inner join decisions
        on
            profiles.feeder = decisions.feeder
            and profiles.interval_start_at >= decisions.first_start_at
            and profiles.interval_start_at < decisions.until_at
),

-- where there is no reading there is only a value to set
missing as (
    select
        missing.feeder,
        missing.interval_start_at,
        {{ to_local('missing.interval_start_at', 'missing.timezone') }} as start_local,
        decisions.decision,
        decisions.action,
        decisions.channel,
        decisions.value
    from {{ ref('missing_intervals') }} as missing
    inner join decisions
        on
            missing.feeder = decisions.feeder
            and missing.interval_start_at >= decisions.first_start_at
            and missing.interval_start_at < decisions.until_at
    where decisions.action = 'set'
),

by_channel as (
    {% for channel, opposite in channels -%}
        select
            feeder,
            interval_start_at,
            start_local,
            '{{ channel }}' as channel,
            decision,
            action,
            value,
            {{ channel }} as actual,
            {{ opposite }} as opposite
        from readings
        where
            coalesce(decided_channel, '{{ channel }}') = '{{ channel }}'
            and (
                action = 'set' or {{ channel }} is not null
                or (action = 'swap' and {{ opposite }} is not null)
            )
        union all
    {% endfor -%}
    select
        feeder,
        interval_start_at,
        start_local,
        channel,
        decision,
        action,
        value,
        cast(null as decimal(28, 18)) as actual,
        cast(null as decimal(28, 18)) as opposite
    from missing
),

latest as (
    select * from by_channel
    qualify
        row_number() over (
            partition by feeder, interval_start_at, channel
            order by decision desc
        ) = 1
),

valued as (
    select
        *,
        '3.7.1' as reading_quality,
        -- a factor is below 1000, so that the product has room
        case action
            when 'set' then cast(value as decimal(28, 18))
            when 'scale' then cast(actual * cast(value as decimal(9, 6)) as decimal(28, 18))
            when 'swap' then opposite
        end as edited
    from latest
)

select
    valued.feeder,
    valued.interval_start_at,
    valued.start_local,
    valued.channel,
    valued.actual,
    valued.edited,
    valued.decision,
    valued.action as method,
    valued.reading_quality,
    decisions.who,
    decisions.why,
    decisions.decided_at
from valued
inner join decisions on valued.decision = decisions.decision
