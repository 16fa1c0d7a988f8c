-- one row per feeder, channel and interval whose value is missing, unknown or failed: what it
-- probably was, how far it may be off, or why nothing is said

with

errors as (
    select * from {{ ref('estimation_errors') }}
),

unusable as (
    select
        *,
        {{ run_of(['feeder', 'channel', 'interval_minutes']) }} as run
    from {{ ref('unusable_values') }}
),

gaps as (
    select
        feeder,
        channel,
        interval_minutes,
        run,
        min(interval_start_at) as gap_from_at,
        {{ dbt.dateadd('minute', 'interval_minutes', 'max(interval_start_at)') }} as gap_until_at,
        count(*) as interval_count,
        count(*) * interval_minutes as gap_minutes,
        row_number() over (order by feeder, channel, min(interval_start_at)) as gap_no
    from unusable
    group by feeder, channel, interval_minutes, run
),

classed as (
    select
        *,
        case
            {% for minutes, _ in gap_classes() -%}
                when gap_minutes <= {{ minutes }} then {{ minutes }}
            {% endfor -%}
        end as class_minutes
    from gaps
),

chosen as (
    select
        classed.*,
        errors.method,
        errors.sibling,
        errors.slope
    from classed
    left join errors
        on
            classed.feeder = errors.feeder
            and classed.channel = errors.channel
            and classed.class_minutes = errors.class_minutes
            and errors.is_chosen
),

-- a sibling's gap is the same: what it was otherwise is compared with what it was
looked_at as (
    select
        feeder,
        channel,
        gap_no,
        gap_from_at,
        gap_until_at,
        interval_count,
        interval_minutes
    from chosen
    where class_minutes is not null
    union all
    select
        sibling as feeder,
        channel,
        gap_no,
        gap_from_at,
        gap_until_at,
        interval_count,
        interval_minutes
    from chosen
    where class_minutes is not null and sibling is not null
),

times as (
    select
        *,
        {{ interval_series(
            dbt.dateadd('minute', '-interval_minutes', 'gap_from_at'),
            dbt.dateadd('minute', 'interval_minutes', 'gap_until_at'),
            'interval_minutes'
        ) }} as interval_start_at
    from looked_at
),

slots as (
    select
        *,
        {{ whole_quotient(
            dbt.datediff('gap_from_at', 'interval_start_at', 'minute') ~ ' + interval_minutes',
            'interval_minutes'
        ) }} as place
    from times
),

{{ estimated() }},

said as (
    select
        own.*,
        chosen.class_minutes,
        chosen.sibling,
        case
            when
                chosen.method = 'sibling'
                and other.milliwatts is not null and other.bridged is not null
                then 'sibling'
            when chosen.method = 'sibling' or chosen.method = 'bridged' then 'bridged'
            when chosen.method is not null then chosen.method
            -- without a history to measure the error on, as the rule books have it
            when own.interval_count * own.interval_minutes <= 120 then 'straight_line'
        end as method,
        own.bridged + chosen.slope * (other.milliwatts - other.bridged) as by_sibling
    from estimated as own
    inner join chosen on own.gap_no = chosen.gap_no and own.feeder = chosen.feeder
    left join estimated as other
        on
            own.gap_no = other.gap_no
            and own.channel = other.channel
            and own.interval_start_at = other.interval_start_at
            and chosen.sibling = other.feeder
),

valued as (
    select
        *,
        case
            when is_outage_before and is_outage_after then 0
            when is_outage_before or is_outage_after then null
            when method = 'sibling' then {{ as_it_can_be('by_sibling') }}
            {% for method in estimation_methods() -%}
                when method = '{{ method }}' then {{ method }}
            {% endfor -%}
        end as value_milliwatts
    from said
)

select
    unusable.feeder,
    unusable.channel,
    unusable.interval_start_at,
    cast(unusable.interval_minutes as bigint) as interval_minutes,
    unusable.reason,
    gaps.gap_from_at,
    gaps.gap_until_at,
    {{ rounded('valued.value_milliwatts / 1e9') }} as estimate,
    {% for bound, error in [('low', 'error_p95_mw'), ('high', 'error_p05_mw')] -%}
        case
            when valued.is_outage_before and valued.is_outage_after then cast(0 as decimal(28, 18))
            when valued.is_zero and valued.value_milliwatts = 0 then cast(0 as decimal(28, 18))
            when valued.value_milliwatts is null or errors.{{ error }} is null then null
            when valued.can_be_negative
                then {{ rounded('valued.value_milliwatts / 1e9 - errors.' ~ error) }}
            else {{ rounded('greatest(valued.value_milliwatts / 1e9 - errors.' ~ error ~ ', 0)') }}
        end as {{ bound }},
    {% endfor -%}
    case
        when valued.value_milliwatts is null then null
        when valued.is_outage_before and valued.is_outage_after then 'outage'
        when valued.is_zero and valued.value_milliwatts = 0 then 'always_zero'
        else valued.method
    end as method,
    case when valued.method = 'sibling' then valued.sibling end as sibling,
    errors.mean_error_percent,
    case
        when valued.value_milliwatts is null then null
        when valued.is_outage_before and valued.is_outage_after then '1.2.32'
        else '3.8.0'
    end as reading_quality,
    case
        when valued.value_milliwatts is not null then null
        when gaps.class_minutes is null then 'longer than 7 days'
        when not valued.has_anchors then 'no value right before or after it'
        when valued.is_outage_before or valued.is_outage_after then 'an outage at one of its ends'
        when valued.method is null then 'too little history'
        else 'no day like it'
    end as refused_because
from unusable
inner join classed as gaps
    on
        unusable.feeder = gaps.feeder
        and unusable.channel = gaps.channel
        and unusable.interval_minutes = gaps.interval_minutes
        and unusable.run = gaps.run
left join valued
    on
        unusable.feeder = valued.feeder
        and unusable.channel = valued.channel
        and unusable.interval_start_at = valued.interval_start_at
left join errors
    on
        valued.feeder = errors.feeder
        and valued.channel = errors.channel
        and valued.class_minutes = errors.class_minutes
        and valued.method = errors.method
