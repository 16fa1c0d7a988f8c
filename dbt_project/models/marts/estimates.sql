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
            when chosen.method = 'bus_balance' and balances.net_milliwatts is not null
                then 'bus_balance'
            when chosen.method in ('sibling', 'bus_balance') then 'bridged'
            when chosen.method is not null then chosen.method
            -- without a history to measure the error on, as the rule books have it
            when own.interval_count * own.interval_minutes <= 120 then 'straight_line'
        end as method,
        own.bridged + chosen.slope * (other.milliwatts - other.bridged) as by_sibling,
        {{ flow_of('balances.net_milliwatts', 'own.channel') }} as by_balance
    from estimated as own
    inner join chosen on own.gap_no = chosen.gap_no and own.feeder = chosen.feeder
    left join estimated as other
        on
            own.gap_no = other.gap_no
            and own.channel = other.channel
            and own.interval_start_at = other.interval_start_at
            and chosen.sibling = other.feeder
    left join {{ ref('bus_balances') }} as balances
        on
            own.feeder = balances.feeder
            and own.interval_start_at = balances.interval_start_at
),

valued as (
    select
        *,
        case
            when is_outage_before and is_outage_after then 0
            when is_outage_before or is_outage_after then null
            when method = 'sibling' then {{ as_it_can_be('by_sibling') }}
            when method = 'bus_balance' then by_balance
            {% for method in estimation_methods() -%}
                when method = '{{ method }}' then {{ method }}
            {% endfor -%}
        end as value_milliwatts
    from said
),

-- between two reads of a register
between_reads as (
    select
        valued.*,
        spans.from_at,
        spans.missing_count,
        spans.interval_seconds,
        spans.counts_mj,
        spans.spread_mj,
        spans.is_proven,
        cast(round(valued.value_milliwatts) as bigint) as weight,
        greatest(spans.left_mj, 0) as left_mj,
        spans.left_mj + spans.counts_mj + spans.spread_mj >= 0 as is_possible
    from valued
    left join {{ ref('register_spans') }} as spans
        on
            valued.feeder = spans.feeder
            and valued.channel = spans.channel
            and valued.interval_start_at >= spans.from_at
            and valued.interval_start_at < spans.until_at
),

weighed as (
    select
        *,
        cast(sum(weight) over (partition by feeder, channel, from_at) as double) as total_weight,
        min(weight) over (partition by feeder, channel, from_at) as lowest_weight,
        count(weight) over (partition by feeder, channel, from_at) as weight_count,
        min(gap_no) over (partition by feeder, channel, from_at)
        < max(gap_no) over (partition by feeder, channel, from_at) as is_shared
    from between_reads
),

-- one count of the register, and what else it may be off, is below a tenth of the energy
judged as (
    select
        *,
        coalesce(
            weight_count = missing_count
            and lowest_weight >= 0
            and is_possible
            and 10 * (counts_mj / 2 + spread_mj)
            < greatest(left_mj, total_weight * interval_seconds / 1e9)
            and (
                is_proven
                or left_mj * 1e9 / nullif(total_weight * interval_seconds, 0) between 0.5 and 2
            ), false
        ) as is_anchored
    from weighed
),

-- an outage has none
shares as (
    select
        *,
        case
            when not is_anchored or is_outage_before then null
            when total_weight > 0 then weight
            else 1
        end as share
    from judged
),

cumulated as (
    select
        *,
        cast(sum(share) over (
            partition by feeder, channel, from_at order by interval_start_at
            rows between unbounded preceding and current row
        ) as double) as shares_until,
        nullif(cast(sum(share) over (partition by feeder, channel, from_at) as double), 0)
            as all_shares,
        left_mj * 1e9 / interval_seconds as left_milliwatts
    from shares
),

-- rounded as a running sum, so that all together are what is left
settled as (
    select
        feeder,
        channel,
        interval_start_at,
        class_minutes,
        sibling,
        has_anchors,
        is_outage_before,
        is_outage_after,
        is_zero,
        can_be_negative,
        case
            when share is null then method
            when is_shared then 'register_shared'
            else 'register'
        end as method,
        case
            when share is null then value_milliwatts
            else
                round(left_milliwatts * (shares_until / all_shares))
                - round(left_milliwatts * ((shares_until - share) / all_shares))
        end as value_milliwatts,
        coalesce(share / all_shares * (counts_mj + spread_mj) * 1e9 / interval_seconds, 0)
            as spread_milliwatts
    from cumulated
)

select
    unusable.feeder,
    unusable.channel,
    unusable.interval_start_at,
    cast(unusable.interval_minutes as bigint) as interval_minutes,
    unusable.reason,
    gaps.gap_from_at,
    gaps.gap_until_at,
    {{ rounded('settled.value_milliwatts / 1e9') }} as estimate,
    {% for bound, error in [
        ('low', 'errors.error_p95_mw - settled.spread_milliwatts'),
        ('high', 'errors.error_p05_mw + settled.spread_milliwatts'),
    ] -%}
        {% set value = '(settled.value_milliwatts / 1e9 - ' ~ error ~ ' / 1e9)' -%}
        case
            when settled.is_outage_before and settled.is_outage_after
                then cast(0 as decimal(28, 18))
            when settled.is_zero and settled.value_milliwatts = 0 then cast(0 as decimal(28, 18))
            when settled.value_milliwatts is null or errors.mean_error_mw is null then null
            when settled.can_be_negative then {{ rounded(value) }}
            else {{ rounded('greatest(' ~ value ~ ', 0)') }}
        end as {{ bound }},
    {% endfor -%}
    case
        when settled.value_milliwatts is null then null
        when settled.is_outage_before and settled.is_outage_after then 'outage'
        when settled.is_zero and settled.value_milliwatts = 0 then 'always_zero'
        else settled.method
    end as method,
    case when settled.method = 'sibling' then settled.sibling end as sibling,
    errors.mean_error_percent,
    case
        when settled.value_milliwatts is null then null
        when settled.is_outage_before and settled.is_outage_after then '1.2.32'
        else '3.8.0'
    end as reading_quality,
    case
        when settled.value_milliwatts is not null then null
        when gaps.class_minutes is null then 'longer than 7 days'
        when not settled.has_anchors then 'no value right before or after it'
        when settled.is_outage_before or settled.is_outage_after then 'an outage at one of its ends'
        when settled.method is null then 'too little history'
        else 'no day like it'
    end as refused_because
from unusable
inner join classed as gaps
    on
        unusable.feeder = gaps.feeder
        and unusable.channel = gaps.channel
        and unusable.interval_minutes = gaps.interval_minutes
        and unusable.run = gaps.run
left join settled
    on
        unusable.feeder = settled.feeder
        and unusable.channel = settled.channel
        and unusable.interval_start_at = settled.interval_start_at
left join errors
    on
        settled.feeder = errors.feeder
        and settled.channel = errors.channel
        and settled.class_minutes = errors.class_minutes
        and settled.method = errors.method
