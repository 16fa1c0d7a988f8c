-- one row per feeder, channel, class of gaps and method: how wrong it is for gaps of that length,
-- by the feeder's own history

{% set shares = [0.05, 0.1, 0.9, 0.95] %}

with

registers as (
    select distinct
        feeder,
        channel
    from {{ ref('register_spans') }}
),

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

-- as if a register had counted what is in the hidden gap, or in all of a class together: the error
-- that is left where the chosen method is scaled to that
summed as (
    select
        errors.feeder,
        errors.channel,
        errors.class_minutes,
        errors.sibling,
        errors.slope,
        errors.milliwatts,
        {% for name, partition in register_methods() -%}
            cast(sum(errors.milliwatts) over ({{ partition }}) as double) as {{ name }}_measured,
            cast(sum(errors.milliwatts + errors.error) over ({{ partition }}) as double)
                as {{ name }}_estimated,
            count(*) over ({{ partition }}) as {{ name }}_count,
        {% endfor -%}
        errors.milliwatts + errors.error as estimate
    from {{ ref('trial_errors') }} as errors
    inner join chosen
        on
            errors.feeder = chosen.feeder
            and errors.channel = chosen.channel
            and errors.class_minutes = chosen.class_minutes
            and errors.method = chosen.method
            and errors.sibling = chosen.sibling
    inner join registers on errors.feeder = registers.feeder and errors.channel = registers.channel
    where chosen.is_chosen
),

errors as (
    select
        feeder,
        channel,
        class_minutes,
        method,
        sibling,
        slope,
        error
    from {{ ref('trial_errors') }}
    {%- for name, _ in register_methods() %}
        union all
        select
            feeder,
            channel,
            class_minutes,
            '{{ name }}' as method,
            sibling,
            slope,
            cast(round(case
                when {{ name }}_estimated > 0
                    then estimate * ({{ name }}_measured / {{ name }}_estimated)
                else {{ name }}_measured / {{ name }}_count
            end) as bigint) - milliwatts as error
        from summed
    {%- endfor %}
),

used as (
    select * from chosen
    {%- for name, _ in register_methods() %}
        union all
        select
            chosen.feeder,
            chosen.channel,
            chosen.class_minutes,
            '{{ name }}' as method,
            chosen.sibling,
            chosen.trial_count,
            chosen.gap_error,
            chosen.change,
            chosen.change_squares,
            false as is_candidate,
            false as is_chosen
        from chosen
        inner join registers
            on chosen.feeder = registers.feeder and chosen.channel = registers.channel
        where chosen.is_chosen
    {%- endfor %}
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
    from errors
    group by feeder, channel, class_minutes, method, sibling
)

select
    used.feeder,
    used.channel,
    cast(used.class_minutes as bigint) as class_minutes,
    used.method,
    case when used.sibling <> used.feeder then used.sibling end as sibling,
    spreads.slope,
    used.is_chosen,
    cast(used.trial_count as bigint) as trial_count,
    cast(spreads.value_count as bigint) as value_count,
    {% for share in shares -%}
        {{ entry('spreads.bounds', loop.index) }} / 1e9
            as error_p{{ '%02d' % (share * 100) | round | int }}_mw,
    {% endfor -%}
    spreads.bias / 1e9 as bias_mw,
    spreads.mean_error / 1e9 as mean_error_mw,
    100 * spreads.mean_error / nullif(levels.mean_milliwatts, 0) as mean_error_percent
from used
inner join spreads
    on
        used.feeder = spreads.feeder
        and used.channel = spreads.channel
        and used.class_minutes = spreads.class_minutes
        and used.method = spreads.method
        and used.sibling = spreads.sibling
inner join levels on used.feeder = levels.feeder and used.channel = levels.channel
