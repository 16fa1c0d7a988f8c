-- The power changes from one day to the next by a ratio of standard current transformers: a
-- transformer exchanged or tapped otherwise while meter-data.csv kept its multiplier, or a new
-- multiplier where nothing changed. A change that meter-data.csv makes good leaves no step.
-- Rule: throughput of the 28 days from that day on, over that of the 28 days before, in the middle,
-- within 10 % of a standard ratio; the same within 15 % for 7 days on either side (it came then);
-- and nine tenths of the days on one side lie above nine tenths of those on the other. It came at
-- once: the day before is nearer to the level of the week before, the day after to the new one; and
-- what each side drifted by from its first fortnight to its second is less than half of the step,
-- or it is the season. Where more than a hundredth of the throughput in these weeks was received
-- there is generation, which comes and goes: then only steps by 3 or a third and more are told.
-- Source: docs/rules.md#step; 10 % as the load itself drifts that far in 28 days: 3 %
-- finds 2 of 27 steps by 4 put into the live substations, 10 % finds 14, and neither errs. A load
-- that idles at weekends has no such days apart and is not judged.
-- Fires on none of 13 real feeders; wew rose by 1.7, which is no such ratio.

with

days as (
    select
        feeder,
        local_date,
        -- whole watts, so that sums are exact
        cast(round(
            1000000 * cast(del_mj + rec_mj as double) / (60 * known_minutes)
        ) as bigint) as watts,
        cast(round(1000000 * cast(rec_mj as double) / (60 * known_minutes)) as bigint)
            as watts_rec
    from {{ ref('feeder_days') }}
    where known_minutes >= {{ var('full_day_minutes') }}
),

weeks as (
    select
        *,
        cast(max(watts) over next_day as double) as watts_next_day,
        cast(max(watts) over day_before as double) as watts_day_before,
        cast(sum(watts) over week_before as double) / count(*) over week_before as watts_before,
        cast(sum(watts) over week_after as double) / count(*) over week_after as watts_after,
        cast(sum(watts) over fortnight_before as double) / count(*) over fortnight_before
            as watts_long_before,
        cast(sum(watts) over fortnight_to as double) / count(*) over fortnight_to
            as watts_before_it,
        cast(sum(watts) over fortnight_after as double) / count(*) over fortnight_after
            as watts_after_it,
        cast(sum(watts) over fortnight_later as double) / count(*) over fortnight_later
            as watts_long_after,
        cast(sum(watts_rec) over month_around as double)
        / nullif(sum(watts) over month_around, 0) as received_share
    from days
    window
        month_around as (
            partition by feeder order by local_date
            range between interval 28 days preceding and interval 27 days following
        ),
        next_day as (
            partition by feeder order by local_date
            range between interval 1 day following and interval 1 day following
        ),
        day_before as (
            partition by feeder order by local_date
            range between interval 1 day preceding and interval 1 day preceding
        ),
        fortnight_before as (
            partition by feeder order by local_date
            range between interval 28 days preceding and interval 15 days preceding
        ),
        fortnight_to as (
            partition by feeder order by local_date
            range between interval 14 days preceding and interval 1 day preceding
        ),
        fortnight_after as (
            partition by feeder order by local_date
            range between current row and interval 13 days following
        ),
        fortnight_later as (
            partition by feeder order by local_date
            range between interval 14 days following and interval 27 days following
        ),
        week_before as (
            partition by feeder order by local_date
            range between interval 7 days preceding and interval 1 day preceding
        ),
        week_after as (
            partition by feeder order by local_date
            range between current row and interval 6 days following
        )
),

changes as (
    select
        *,
        greatest(watts_after / watts_before, watts_before / watts_after) as strength
    from weeks
    where
        watts_before > 0
        and watts_after > 0
        and least(watts_long_before, watts_before_it, watts_after_it, watts_long_after) > 0
),

-- the day on which the change is greatest, if it is one of a quarter at least
turns as (
    select *
    from changes
    qualify
        strength > 1.12
        and strength = max(strength) over (
            partition by feeder order by local_date
            range between interval 7 days preceding and interval 7 days following
        )
),

months as (
    select
        turns.feeder,
        turns.local_date,
        turns.watts_before,
        turns.watts_after,
        turns.watts_next_day / turns.watts_before as next_day_ratio,
        turns.watts_day_before / turns.watts_before as day_before_ratio,
        turns.received_share,
        greatest(
            turns.watts_before_it / turns.watts_long_before,
            turns.watts_long_before / turns.watts_before_it
        ) * greatest(
            turns.watts_long_after / turns.watts_after_it,
            turns.watts_after_it / turns.watts_long_after
        ) as drift,
        days.local_date >= turns.local_date as is_after,
        count(*) as day_count,
        {{ quantile('days.watts', 0.5) }} as watts_middle,
        {{ quantile('days.watts', 0.1) }} as watts_low,
        {{ quantile('days.watts', 0.9) }} as watts_high
    from turns
    inner join days
        on
            turns.feeder = days.feeder
            and days.local_date >= turns.local_date - 28
            and days.local_date <= turns.local_date + 27
    group by
        turns.feeder, turns.local_date, turns.watts_before, turns.watts_after,
        turns.watts_next_day, turns.watts_day_before, turns.received_share,
        turns.watts_long_before,
        turns.watts_before_it, turns.watts_after_it, turns.watts_long_after,
        days.local_date >= turns.local_date
),

steps as (
    select
        later.feeder,
        later.local_date,
        later.next_day_ratio,
        later.day_before_ratio,
        later.drift,
        later.received_share,
        cast(later.watts_middle as double) / nullif(earlier.watts_middle, 0) as ratio,
        later.watts_after / later.watts_before as week_ratio,
        cast(earlier.watts_middle as double) / 1000000 as mw_before,
        cast(later.watts_middle as double) / 1000000 as mw_after
    from months as later
    inner join months as earlier
        on later.feeder = earlier.feeder and later.local_date = earlier.local_date
    where
        later.is_after
        and not earlier.is_after
        and least(later.day_count, earlier.day_count) >= 21
        and (
            later.watts_low > earlier.watts_high or later.watts_high < earlier.watts_low
        )
),

exchanges as (
    select
        feeder,
        cast(valid_from as date) as exchange_date
    from {{ ref('stg_meter_data') }}
    where valid_from is not null
),

ratios as (
    select {{ each_of(list_of(var('step_ratios'))) }} as standard_ratio
),

standard as (
    select
        steps.*,
        ratios.standard_ratio
    from steps
    inner join ratios
        on
            abs(steps.ratio / ratios.standard_ratio - 1) <= {{ var('step_tolerance') }}
            and abs(steps.week_ratio / ratios.standard_ratio - 1)
            <= 1.5 * {{ var('step_tolerance') }}
    where
        (
            steps.received_share <= {{ var('step_received_share') }}
            or greatest(steps.ratio, 1 / steps.ratio) >= 2.5
        )
        -- the day before is on the one side of halfway, the day after on the other
        and case
            when steps.ratio > 1
                then
                    {{ squared('steps.day_before_ratio') }} < steps.ratio
                    and {{ squared('steps.next_day_ratio') }} > steps.ratio
            else
                {{ squared('steps.day_before_ratio') }} > steps.ratio
                and {{ squared('steps.next_day_ratio') }} < steps.ratio
        end
        and {{ squared('steps.drift') }} < greatest(steps.ratio, 1 / steps.ratio)
    qualify
        row_number() over (
            partition by steps.feeder, steps.local_date
            order by
                greatest(
                    steps.ratio / ratios.standard_ratio, ratios.standard_ratio / steps.ratio
                ),
                ratios.standard_ratio
        ) = 1
)

select
    'step' as rule,
    'warn' as severity,
    standard.feeder,
    standard.local_date as first_date,
    standard.local_date as last_date,
    'daily mean ' || {{ shown('standard.mw_before', 3) }} || ' MW in the 28 days before, '
    || {{ shown('standard.mw_after', 3) }} || ' MW from then on: x '
    || {{ shown('standard.ratio', 3) }} || ', a ratio of current transformers is '
    || {{ shown('standard.standard_ratio', 3) }} as evidence,
    case
        when max(exchanges.exchange_date) is null
            then 'no exchange is in meter-data.csv: ask whether transformers or taps were changed'
        else 'meter-data.csv has an exchange then: check the multiplier of its new row'
    end as meaning
from standard
left join exchanges
    on
        standard.feeder = exchanges.feeder
        and exchanges.exchange_date between standard.local_date - 1 and standard.local_date + 1
group by
    standard.feeder, standard.local_date, standard.mw_before, standard.mw_after, standard.ratio,
    standard.standard_ratio
