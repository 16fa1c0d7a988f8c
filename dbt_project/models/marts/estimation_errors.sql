-- one row per feeder, channel, class of gaps and method: how wrong it is for gaps of that length,
-- by the feeder's own history

{% set shares = [0.05, 0.1, 0.9, 0.95] %}

with

-- whole watts, so that every sum is exact and every product has room
trials as (
    select
        feeder,
        channel,
        class_minutes,
        method,
        sibling,
        gap_no,
        cast(round(cast(sum(abs(error)) as double) / count(*) / 1000) as bigint) as gap_error
    from {{ ref('trial_errors') }}
    group by feeder, channel, class_minutes, method, sibling, gap_no
),

compared as (
    select
        trials.*,
        trials.gap_error - bridged.gap_error as change
    from trials
    inner join trials as bridged
        on
            trials.feeder = bridged.feeder
            and trials.channel = bridged.channel
            and trials.gap_no = bridged.gap_no
            and bridged.method = 'bridged'
),

scores as (
    select
        feeder,
        channel,
        class_minutes,
        method,
        sibling,
        count(*) as trial_count,
        cast(sum(gap_error) as double) / count(*) as gap_error,
        cast(sum(change) as double) as change,
        cast(sum({{ wide('change') }} * {{ wide('change') }}) as double) as change_squares
    from compared
    group by feeder, channel, class_minutes, method, sibling
),

-- another method takes the place of `bridged` where it is better by more than two standard errors;
-- up to two hours neither `bridged` nor the straight line of the rule books has to prove itself
candidates as (
    select
        *,
        method = 'bridged'
        or (method = 'straight_line' and class_minutes <= 120)
        or (
            change < 0
            and {{ squared('change') }} * (trial_count - 1)
            > 4 * (trial_count * change_squares - {{ squared('change') }})
        ) as is_candidate
    from scores
    where trial_count >= 8
    -- one sibling, the best
    qualify
        row_number() over (
            partition by feeder, channel, class_minutes, method
            order by gap_error asc, sibling asc
        ) = 1
),

chosen as (
    select
        *,
        is_candidate and row_number() over (
            partition by feeder, channel, class_minutes, is_candidate
            order by gap_error asc, method asc
        ) = 1 as is_chosen
    from candidates
),

levels as (
    select
        feeder,
        channel,
        cast(sum(abs(milliwatts)) as double) / count(*) as mean_milliwatts
    from {{ ref('channel_values') }}
    group by feeder, channel
),

spreads as (
    select
        feeder,
        channel,
        class_minutes,
        method,
        sibling,
        max(slope) as slope,
        count(*) as value_count,
        cast(sum(abs(error)) as double) / count(*) as mean_error,
        cast(sum(error) as double) / count(*) as bias,
        {{ quantiles('error', shares) }} as bounds
    from {{ ref('trial_errors') }}
    group by feeder, channel, class_minutes, method, sibling
)

select
    chosen.feeder,
    chosen.channel,
    cast(chosen.class_minutes as bigint) as class_minutes,
    chosen.method,
    case when chosen.method = 'sibling' then chosen.sibling end as sibling,
    spreads.slope,
    chosen.is_chosen,
    cast(chosen.trial_count as bigint) as trial_count,
    cast(spreads.value_count as bigint) as value_count,
    {% for share in shares -%}
        {{ entry('spreads.bounds', loop.index) }} / 1e9
            as error_p{{ '%02d' % (share * 100) | round | int }}_mw,
    {% endfor -%}
    spreads.bias / 1e9 as bias_mw,
    spreads.mean_error / 1e9 as mean_error_mw,
    100 * spreads.mean_error / nullif(levels.mean_milliwatts, 0) as mean_error_percent
from chosen
inner join spreads
    on
        chosen.feeder = spreads.feeder
        and chosen.channel = spreads.channel
        and chosen.class_minutes = spreads.class_minutes
        and chosen.method = spreads.method
        and chosen.sibling = spreads.sibling
inner join levels on chosen.feeder = levels.feeder and chosen.channel = levels.channel
