-- one row per feeder and moment at which all it shows becomes 10, 100 or 1000 times as large or
-- small
-- Rule: a day's third-highest or lowest power is 4 times that of the day before, or a quarter.
-- Where the values themselves jump most in these two days a step may be. It is one if the up to 7
-- days on either side, as far as the next such jump, have the same load in another unit: at the
-- same times of day their sums are within a quarter of such a factor, and at nine of ten times it
-- is half to double of it and no reading after is within a third of the way to one before; for more
-- than two hours.
-- `level` adds up the factors as powers of ten and is 0 where the feeder is for most of its time,
-- up to a year. What came first counts half as much again: in doubt it is taken to be right. What
-- stands above 0 makes no peak.
-- Fires on none of 15 real feeders. Campus took a tenth on average from 2013-10-30 to 2013-11-11,
-- but at half of the times of day only: a load that was off.

with

days as (
    select
        feeder,
        local_date,
        third_highest_mw as high_mw,
        abs(cast(lowest_net_mw as double)) as low_mw,
        lag(local_date) over feeder_days as before_date,
        lag(third_highest_mw) over feeder_days as before_high_mw,
        lag(abs(cast(lowest_net_mw as double))) over feeder_days as before_low_mw
    from {{ ref('feeder_days') }}
    where feeder <> 'total' and third_highest_mw > 0
    window feeder_days as (partition by feeder order by local_date)
),

changes as (
    {% for power in ['high_mw', 'low_mw'] %}
        select
            feeder,
            local_date,
            before_date,
            {{ power }} > before_{{ power }} as is_up
        from days
        where
            least({{ power }}, before_{{ power }}) > 0
            and ({{ power }} > 4 * before_{{ power }} or before_{{ power }} > 4 * {{ power }})
        {{ "union" if not loop.last }}
    {% endfor %}
),

jumps as (
    select changes.*
    from changes
    anti join {{ ref('register_runs') }} as runs
        on changes.feeder = runs.feeder and runs.channel = 'kW'
),

pairs as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        jumps.local_date,
        jumps.is_up,
        cast(profiles.mw_gross as double) as mw,
        lag(cast(profiles.mw_gross as double)) over (
            partition by profiles.feeder, jumps.local_date, jumps.is_up
            order by profiles.interval_start_at
        ) as before_mw
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join jumps
        on
            profiles.feeder = jumps.feeder
            and {{ local_day('profiles.interval_start_at') }} >= jumps.before_date
            and {{ local_day('profiles.interval_start_at') }} <= jumps.local_date
    where profiles.mw_gross > 0
),

largest as (
    select
        feeder,
        interval_start_at
    from pairs
    where before_mw is not null
    qualify
        row_number() over (
            partition by feeder, local_date, is_up
            order by
                case when is_up then mw / before_mw else before_mw / mw end desc,
                interval_start_at
        ) = 1
),

moments as (
    select distinct
        feeder,
        interval_start_at as start_at
    from largest
),

bounded as (
    select
        *,
        lag(start_at) over feeder_moments as previous_at,
        lead(start_at) over feeder_moments as next_at
    from moments
    window feeder_moments as (partition by feeder order by start_at)
),

beside as (
    select
        bounded.feeder,
        bounded.start_at,
        profiles.interval_minutes,
        profiles.interval_start_at >= bounded.start_at as is_after,
        {{ to_local('profiles.interval_start_at', 'system.timezone') }} as start_local,
        -- whole milliwatts, so that sums are exact
        {{ whole_number('1e9 * cast(profiles.mw_gross as double)') }} as milliwatts
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join bounded
        on
            profiles.feeder = bounded.feeder
            and profiles.interval_start_at >= {{ add_minutes('bounded.start_at', -7 * 1440) }}
            and profiles.interval_start_at < {{ add_minutes('bounded.start_at', 7 * 1440) }}
            and profiles.interval_start_at
            >= coalesce(bounded.previous_at, timestamp '0001-01-01')
            and profiles.interval_start_at < coalesce(bounded.next_at, timestamp '9999-01-01')
    where profiles.mw_gross > 0
),

times_of_day as (
    select
        feeder,
        start_at,
        {{ minutes_between('cast(cast(start_local as date) as timestamp)', 'start_local') }}
            as minute,
        max(interval_minutes) as interval_minutes,
        {{ whole_number(
            'cast(sum(case when not is_after then milliwatts end) as double)'
            ~ ' / nullif(sum(case when not is_after then 1 else 0 end), 0)'
        ) }} as before,
        {{ whole_number(
            'cast(sum(case when is_after then milliwatts end) as double)'
            ~ ' / nullif(sum(case when is_after then 1 else 0 end), 0)'
        ) }} as after,
        min(case when not is_after then milliwatts end) as least_before,
        max(case when not is_after then milliwatts end) as most_before,
        min(case when is_after then milliwatts end) as least_after,
        max(case when is_after then milliwatts end) as most_after
    from beside
    group by
        feeder, start_at,
        {{ minutes_between('cast(cast(start_local as date) as timestamp)', 'start_local') }}
),

in_both as (
    select
        *,
        cast(sum(before) over one_moment as double) as all_before,
        cast(sum(after) over one_moment as double) as all_after
    from times_of_day
    where before > 0 and after > 0
    window one_moment as (partition by feeder, start_at)
),

-- by the sum of all times, and by each
exponents as (
    select
        *,
        cast(round(log10(all_after / all_before)) as int) as exponent,
        all_after / all_before as ratio
    from in_both
),

judged as (
    select
        feeder,
        start_at,
        exponent,
        ratio,
        count(*) as time_count,
        sum(interval_minutes) as minutes,
        sum(case
            when
                after between 0.5 * power(10, exponent) * before
                and 2 * power(10, exponent) * before
                and (least_after > 3 * most_before or least_before > 3 * most_after)
                then 1
            else 0
        end) as alike_count,
        max(all_before) / count(*) / 1e9 as mw_before,
        max(all_after) / count(*) / 1e9 as mw_after
    from exponents
    group by feeder, start_at, exponent, ratio
),

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
    from judged
    where
        abs(exponent) between 1 and 3
        and abs(ratio / power(10, exponent) - 1) <= {{ var('unit_step_tolerance') }}
        and 10 * alike_count >= 9 * time_count
        and time_count >= 4
        and minutes > {{ var('spike_minutes') }}
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
        max({{ add_minutes('profiles.interval_start_at', 'profiles.interval_minutes') }}) as end_at
    from {{ ref('feeder_profiles') }} as profiles
    inner join stepped on profiles.feeder = stepped.feeder
    group by profiles.feeder
),

measured as (
    select
        steps.*,
        steps.sum_after - steps.exponent as sum_before,
        {{ minutes_between('coalesce(steps.from_at, spans.first_at)', 'steps.start_at') }}
            as minutes_before,
        {{ minutes_between('steps.start_at', 'coalesce(steps.until_at, spans.end_at)') }}
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
        {{ add_minutes('start_at', 1) }} as first_at
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
