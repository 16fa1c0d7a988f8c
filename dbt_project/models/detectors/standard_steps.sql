-- one row per feeder and day from which on its power is a ratio of standard current transformers of
-- what it was, by the rule of detect_step

with

months as (
    select
        turns.feeder,
        turns.local_date,
        days.local_date >= turns.local_date as is_after,
        count(*) as day_count,
        {{ quantile('days.watts', 0.5) }} as watts_middle,
        {{ quantile('days.watts', 0.1) }} as watts_low,
        {{ quantile('days.watts', 0.9) }} as watts_high
    from {{ ref('power_turns') }} as turns
    inner join {{ ref('daily_power') }} as days
        on
            turns.feeder = days.feeder
            and days.local_date >= turns.local_date - 28
            and days.local_date <= turns.local_date + 27
    group by turns.feeder, turns.local_date, days.local_date >= turns.local_date
),

steps as (
    select
        turns.feeder,
        turns.local_date,
        turns.received_share,
        turns.watts_next_day / turns.watts_before as next_day_ratio,
        turns.watts_day_before / turns.watts_before as day_before_ratio,
        greatest(
            turns.watts_before_it / turns.watts_long_before,
            turns.watts_long_before / turns.watts_before_it
        ) * greatest(
            turns.watts_long_after / turns.watts_after_it,
            turns.watts_after_it / turns.watts_long_after
        ) as drift,
        cast(later.watts_middle as double) / nullif(earlier.watts_middle, 0) as ratio,
        turns.watts_after / turns.watts_before as week_ratio,
        cast(earlier.watts_middle as double) / 1000000 as mw_before,
        cast(later.watts_middle as double) / 1000000 as mw_after
    from {{ ref('power_turns') }} as turns
    inner join months as later
        on turns.feeder = later.feeder and turns.local_date = later.local_date
    inner join months as earlier
        on turns.feeder = earlier.feeder and turns.local_date = earlier.local_date
    where
        later.is_after
        and not earlier.is_after
        and least(later.day_count, earlier.day_count) >= 21
        and (
            later.watts_low > earlier.watts_high or later.watts_high < earlier.watts_low
        )
),

ratios as (
    select {{ each_of(dbt.array_construct(var('step_ratios'))) }} as standard_ratio
)

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
