-- one row per feeder, interval and channel whose value a decision in force edits

-- A table as small as its decisions, made of them in every build. Of several decisions for one
-- value the last one holds; each starts from the actual value, never from another decision's.
{% set channels = [
    ('mw_del', 'mw_rec'), ('mw_rec', 'mw_del'), ('mva_del', 'mva_rec'), ('mva_rec', 'mva_del'),
    ('mvar_del', 'mvar_rec'), ('mvar_rec', 'mvar_del'),
] %}

with

decisions as (
    select * from {{ ref('decisions') }}
    where is_in_force and action in ('set', 'missing', 'scale', 'swap', 'shift')
),

readings as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.start_local,
        profiles.timezone,
        {% for channel, _ in channels -%}
            profiles.{{ channel }},
        {% endfor -%}
        decisions.decision,
        decisions.action,
        decisions.channel as decided_channel,
        decisions.value,
        decisions.first_start_at,
        decisions.until_at,
        case
            when decisions.action = 'shift'
                then {{ dbt.dateadd(
                    'minute', 'cast(decisions.value as int)', 'profiles.interval_start_at'
                ) }}
        end as lands_at
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

-- what a shift moves, and what is measured where it lands
landed as (
    select
        moved.feeder,
        moved.lands_at as interval_start_at,
        coalesce(
            own.start_local, {{ to_local('moved.lands_at', 'moved.timezone') }}
        ) as start_local,
        moved.interval_start_at as moved_from_at,
        moved.decision,
        moved.action,
        moved.decided_channel,
        moved.value,
        {% for channel, _ in channels -%}
            moved.{{ channel }} as moved_{{ channel }},
            own.{{ channel }},
        {% endfor -%}
        moved.lands_at < moved.first_start_at or moved.lands_at >= moved.until_at as is_outside
    from readings as moved
    left join {{ ref('feeder_profiles') }} as own
        on moved.feeder = own.feeder and moved.lands_at = own.interval_start_at
    where moved.action = 'shift'
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
            {{ opposite }} as opposite,
            cast(null as timestamp) as moved_from_at,
            false as is_kept
        from readings
        where
            coalesce(decided_channel, '{{ channel }}') = '{{ channel }}'
            and (
                action = 'set' or {{ channel }} is not null
                or (action = 'swap' and {{ opposite }} is not null)
            )
        union all
        select
            feeder,
            interval_start_at,
            start_local,
            '{{ channel }}' as channel,
            decision,
            action,
            value,
            {{ channel }} as actual,
            moved_{{ channel }} as opposite,
            moved_from_at,
            is_outside and {{ channel }} is not null as is_kept
        from landed
        where
            coalesce(decided_channel, '{{ channel }}') = '{{ channel }}'
            and moved_{{ channel }} is not null
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
        cast(null as decimal(28, 18)) as opposite,
        cast(null as timestamp) as moved_from_at,
        false as is_kept
    from missing
),

latest as (
    select * from by_channel
    qualify
        row_number() over (
            partition by feeder, interval_start_at, channel
            order by
                case when is_kept then 2 else 1 end, decision desc, moved_from_at desc nulls last
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
            when 'shift'
                then case when is_kept then actual when moved_from_at is not null then opposite end
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
    valued.moved_from_at,
    valued.reading_quality,
    decisions.who,
    decisions.why,
    decisions.decided_at,
    case
        when valued.action <> 'shift' then null
        when valued.is_kept then 'own_value_kept'
        when valued.moved_from_at is null then 'nothing_left'
        else 'moved'
    end as shift_result
from valued
inner join decisions on valued.decision = decisions.decision
