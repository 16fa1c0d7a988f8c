-- Delivered and received exchanged: a meter connected or programmed the other way round.
-- Rule, either: 90 % of the throughput went one way in the 14 days before and 90 % the other way in
-- the 14 days from then on, of a size between half and double. Or: its hourly changes run against
-- those of the other feeders as they ran with them before (see detect_clock; reversed, the distance
-- is a quarter), and its own mean weekday is nearer to the one before when turned over. Source:
-- reverse rotation (IEC 61968-9 x.3.4), docs/rules.md#swap; the second is ours, for feeders with
-- flows in both directions, and needs three feeders with seven weeks.
-- Fires on none of 13 real feeders, of which nine export: hfdp always, lls and nryn by the weather.
-- Reversed on purpose, all nine live substations are found.

with

days as (
    select
        feeder,
        local_date,
        -- whole watt-hours, so that sums are exact
        cast(round(cast(del_mj as double) / 0.0036) as bigint) as wh_del,
        cast(round(cast(rec_mj as double) / 0.0036) as bigint) as wh_rec
    from {{ ref('feeder_days') }}
    where known_minutes >= {{ var('full_day_minutes') }}
),

fortnights as (
    select
        feeder,
        local_date,
        cast(sum(wh_del) over days_before as double) as del_before,
        cast(sum(wh_del) over days_after as double) as del_after,
        cast(sum(wh_rec) over days_before as double) as rec_before,
        cast(sum(wh_rec) over days_after as double) as rec_after,
        count(*) over days_before as count_before,
        count(*) over days_after as count_after
    from days
    window
        days_before as (
            partition by feeder order by local_date
            range between interval 14 days preceding and interval 1 day preceding
        ),
        days_after as (
            partition by feeder order by local_date
            range between current row and interval 13 days following
        )
),

shares as (
    select
        *,
        del_before / nullif(del_before + rec_before, 0) as share_before,
        del_after / nullif(del_after + rec_after, 0) as share_after,
        (del_after + rec_after) / count_after
        / nullif((del_before + rec_before) / count_before, 0) as size
    from fortnights
    where count_before >= 7 and count_after >= 7
),

-- neighbouring days see the same change: the one on which it is greatest
turned as (
    select *
    from shares
    where
        greatest(share_before, share_after) >= {{ var('swap_share') }}
        and least(share_before, share_after) <= 1 - {{ var('swap_share') }}
        and size between 0.5 and 2
    qualify
        abs(share_before - share_after) = max(abs(share_before - share_after)) over (
            partition by feeder order by local_date
            range between interval 13 days preceding and interval 13 days following
        )
),

shifts as (
    select
        *,
        max(distance) over (partition by week_start_at) as greatest_distance
    from {{ ref('sibling_shifts') }}
),

reversed as (
    select shifts.*
    from shifts
    inner join {{ ref('own_shifts') }} as own
        on shifts.feeder = own.feeder and shifts.week_start_at = own.week_start_at
    where
        own.own_reversed_distance < own.own_distance
        and shifts.distance >= {{ var('swap_distance') }}
        and {{ squared('shifts.reversed_distance / shifts.distance') }}
        <= {{ var('sibling_ratio') }}
        and shifts.distance >= 0.5 * shifts.greatest_distance
    qualify
        shifts.distance = max(shifts.distance) over (
            partition by shifts.feeder order by shifts.week_start_at
            range between interval 21 days preceding and interval 21 days following
        )
),

found as (
    select
        feeder,
        local_date as first_date,
        local_date as last_date,
        {{ shown('100 * share_before') }} || ' % of the throughput was delivered in the 14 days '
        || 'before, ' || {{ shown('100 * share_after') }} || ' % from then on' as evidence
    from turned
    union all
    select
        feeder,
        cast(week_start_at as date) as first_date,
        cast(week_start_at as date) + 6 as last_date,
        'since about then its changes run against those of the other feeders as before with them; '
        || 'reversed, '
        || {{ shown('100 * (1 - ' ~ squared('reversed_distance / distance') ~ ')') }}
        || ' % of the difference to the weeks before is gone' as evidence
    from reversed
    where not exists (
        select 1 from turned
        where
            turned.feeder = reversed.feeder
            and abs({{ days_between(
                'turned.local_date', 'cast(reversed.week_start_at as date)'
            ) }}) <= 16
    )
)

select
    'swap' as rule,
    'warn' as severity,
    feeder,
    first_date,
    last_date,
    evidence,
    'delivered and received may be exchanged: see the wiring and the order of the channels, or '
    || 'what began to feed in' as meaning
from found
