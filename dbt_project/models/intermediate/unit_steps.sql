-- one row per feeder and moment at which all it shows becomes 10, 100 or 1000 times as large or
-- small
-- Rule: a day's third-highest or lowest power is 4 times that of the day before, or a quarter.
-- Where the values themselves jump most in these two days a step may be. It is one if the up to 7
-- days on either side, as far as the next such jump, have the same load in another unit: at the
-- same times of day their sums are within a quarter of such a factor, and at nine of ten times it
-- is half to double of it and no reading after is within a third of the way to one before; for half
-- of the day's times, as a plant that starts its shift at ten times its night has no more.
-- `level` adds up the factors as powers of ten and is 0 where the feeder is for most of its time,
-- up to a year. What came first counts half as much again: in doubt it is taken to be right. What
-- is above 0 makes no peak.
-- Fires on none of 15 real feeders. Campus took a tenth on average from 2013-10-30 to 2013-11-11,
-- but at half of the times of day only: a load that was off.

with

steps as (
    select
        feeder,
        start_at,
        exponent,
        mw_before,
        mw_after,
        cast(sum(exponent) over feeder_steps as int) as sum_after,
        lag(start_at) over (partition by feeder order by start_at) as from_at,
        lead(start_at) over (partition by feeder order by start_at) as until_at
    from {{ ref('steps_by_ten') }}
    where
        abs(exponent) between 1 and 3
        and abs(ratio / power(10, exponent) - 1) <= {{ var('unit_step_tolerance') }}
        and 10 * alike_count >= 9 * time_count
        and time_count >= 4
        and minutes >= {{ var('unit_step_minutes') }}
    window feeder_steps as (
        partition by feeder order by start_at rows between unbounded preceding and current row
    )
),

stepped as (
    select distinct feeder from steps
),

spans as (
    select
        profiles.feeder,
        min(profiles.interval_start_at) as first_at,
        max({{ dbt.dateadd(
            'minute', 'profiles.interval_minutes', 'profiles.interval_start_at'
        ) }}) as end_at
    from {{ ref('feeder_profiles') }} as profiles
    inner join stepped on profiles.feeder = stepped.feeder
    group by profiles.feeder
),

measured as (
    select
        steps.*,
        steps.sum_after - steps.exponent as sum_before,
        {{ dbt.datediff('coalesce(steps.from_at, spans.first_at)', 'steps.start_at', 'minute') }}
            as minutes_before,
        {{ dbt.datediff('steps.start_at', 'coalesce(steps.until_at, spans.end_at)', 'minute') }}
            as minutes_after
    from steps
    inner join spans on steps.feeder = spans.feeder
),

levels as (
    select
        feeder,
        sum_before as level,
        minutes_before as minutes,
        start_at as first_at
    from measured
    where from_at is null
    union all
    select
        feeder,
        sum_after as level,
        minutes_after as minutes,
        {{ dbt.dateadd('minute', 1, 'start_at') }} as first_at
    from measured
),

-- by the length of each, half as long again for what came first
lengths as (
    select
        feeder,
        level,
        least(case when level = 0 then 3 else 2 end * sum(minutes), 2 * 365 * 1440) as weight,
        min(first_at) as first_at
    from levels
    group by feeder, level
),

settled as (
    select
        feeder,
        level
    from lengths
    qualify row_number() over (partition by feeder order by weight desc, first_at asc) = 1
)

select
    measured.feeder,
    measured.start_at,
    {{ to_local('measured.start_at', 'system.timezone') }} as start_local,
    measured.exponent,
    cast(power(10, abs(measured.exponent)) as double) as factor,
    measured.sum_before - settled.level as level_before,
    measured.sum_after - settled.level as level,
    measured.mw_before,
    measured.mw_after,
    measured.minutes_before,
    measured.minutes_after,
    measured.from_at,
    measured.until_at
from measured
inner join settled on measured.feeder = settled.feeder
cross join {{ ref('stg_system') }} as system
