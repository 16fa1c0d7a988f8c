-- one row per feeder, channel, trial, interval and method: how far its estimate is from the value

with

plain as (
    {% for method in estimation_methods() -%}
        select
            feeder,
            channel,
            gap_no,
            class_minutes,
            place,
            '{{ method }}' as method,
            feeder as sibling,
            cast(null as double) as slope,
            milliwatts,
            cast(round({{ method }} - milliwatts) as bigint) as error
        from {{ ref('estimation_trials') }}
        where {{ method }} is not null
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- what is not as usual with both at once, in watts: their products have room
pairs as (
    select
        own.feeder,
        own.channel,
        own.gap_no,
        own.class_minutes,
        own.place,
        candidates.sibling,
        own.milliwatts,
        own.bridged,
        own.is_zero,
        own.can_be_negative,
        cast(round((own.milliwatts - own.bridged) / 1000) as bigint) as excess,
        cast(round((other.milliwatts - other.bridged) / 1000) as bigint) as other_excess
    from {{ ref('estimation_trials') }} as own
    inner join {{ ref('sibling_candidates') }} as candidates on own.feeder = candidates.feeder
    inner join {{ ref('estimation_trials') }} as other
        on
            candidates.sibling = other.feeder
            and own.channel = other.channel
            and own.gap_no = other.gap_no
            and own.interval_start_at = other.interval_start_at
),

sums as (
    select
        *,
        sum({{ wide('excess') }} * {{ wide('other_excess') }}) over (
            partition by feeder, sibling, channel, class_minutes
        ) as all_products,
        sum({{ wide('other_excess') }} * {{ wide('other_excess') }}) over (
            partition by feeder, sibling, channel, class_minutes
        ) as all_squares,
        sum({{ wide('excess') }} * {{ wide('other_excess') }}) over (
            partition by feeder, sibling, channel, class_minutes, gap_no
        ) as own_products,
        sum({{ wide('other_excess') }} * {{ wide('other_excess') }}) over (
            partition by feeder, sibling, channel, class_minutes, gap_no
        ) as own_squares
    from pairs
),

-- the slope of the other trials: a trial does not help itself
fitted as (
    select
        *,
        cast(all_products - own_products as double)
        / nullif(cast(all_squares - own_squares as double), 0) as slope_of_others,
        cast(all_products as double) / nullif(cast(all_squares as double), 0) as slope
    from sums
),

told as (
    select
        *,
        bridged + slope_of_others * 1000 * other_excess as by_sibling
    from fitted
),

by_balance as (
    select
        trials.feeder,
        trials.channel,
        trials.gap_no,
        trials.class_minutes,
        trials.place,
        trials.milliwatts,
        {{ flow_of('balances.net_milliwatts', 'trials.channel') }} - trials.milliwatts as error
    from {{ ref('estimation_trials') }} as trials
    inner join {{ ref('bus_balances') }} as balances
        on
            trials.feeder = balances.feeder
            and trials.interval_start_at = balances.interval_start_at
    where trials.channel in ('mw_del', 'mw_rec') and not trials.can_be_negative
)

select * from plain
union all
select
    feeder,
    channel,
    gap_no,
    class_minutes,
    place,
    'bus_balance' as method,
    feeder as sibling,
    cast(null as double) as slope,
    milliwatts,
    error
from by_balance
union all
select
    feeder,
    channel,
    gap_no,
    class_minutes,
    place,
    'sibling' as method,
    sibling,
    slope,
    milliwatts,
    cast(round({{ as_it_can_be('by_sibling') }} - milliwatts) as bigint) as error
from told
where by_sibling is not null
