-- one row per feeder and moment at which its changes seem to have moved or turned over: a week
-- against those of the others (sibling_shifts), or an hour that is missing or was read twice
-- (hour_jumps). By its own weekdays: the mean day of three weeks before and of three weeks after,
-- by the hour of the meter's clock, each from 0 at its lowest to 1000 at its highest; the squared
-- distances, as they are, an hour earlier or later, and turned over

with

moments as (
    select
        feeder,
        week_start_at as moment_at,
        -- it came on any of ten days, which are left out
        {{ dbt.dateadd('minute', '14400', 'week_start_at') }} as settled_at
    from {{ ref('sibling_shifts') }}
    where
        distance >= {{ var('sibling_distance') }}
        and {{ squared('least(earlier_distance, later_distance, reversed_distance) / distance') }}
        <= {{ var('sibling_ratio') }}
    union
    select
        feeder,
        moment_at,
        moment_at as settled_at
    from {{ ref('hour_jumps') }}
),

hours as (
    select
        moments.feeder,
        moments.moment_at,
        cast(extract(hour from profiles.start_local) as bigint) as hour,
        cast(round(
            cast(sum(1000 * (profiles.del_raw - profiles.rec_raw)) as double) / count(*)
        ) as bigint) as watts,
        profiles.interval_start_at >= moments.settled_at as is_after,
        count(distinct cast(profiles.start_local as date)) as day_count
    from {{ ref('feeder_profiles') }} as profiles
    inner join moments
        on
            profiles.feeder = moments.feeder
            and profiles.interval_start_at >= {{ dbt.dateadd(
                'minute', '-30240', 'moments.moment_at'
            ) }}
            and profiles.interval_start_at < {{ dbt.dateadd(
                'minute', '30240', 'moments.settled_at'
            ) }}
    where
        profiles.del_raw is not null
        and profiles.rec_raw is not null
        and {{ weekday('cast(profiles.start_local as date)') }} <= 5
        and (
            profiles.interval_start_at < moments.moment_at
            or profiles.interval_start_at >= moments.settled_at
        )
    group by
        moments.feeder, moments.moment_at, profiles.interval_start_at >= moments.settled_at,
        extract(hour from profiles.start_local)
),

scaled as (
    select
        *,
        cast(round(
            1000 * cast(watts - min(watts) over sides as double)
            / nullif(max(watts) over sides - min(watts) over sides, 0)
        ) as bigint) as thousandths
    from hours
    window sides as (partition by feeder, moment_at, is_after)
),

moves as (
    select {{ each_of(dbt.array_construct([-1, 0, 1])) }} as hours_later
),

compared as (
    select
        later.feeder,
        later.moment_at,
        moves.hours_later,
        sum({{ squared('later.thousandths - earlier.thousandths') }}) as distance,
        sum({{ squared('later.thousandths - 1000 + earlier.thousandths') }}) as reversed_distance
    from scaled as later
    cross join moves
    inner join scaled as earlier
        on
            later.feeder = earlier.feeder
            and later.moment_at = earlier.moment_at
            and later.hour = mod(earlier.hour + moves.hours_later + 24, 24)
    where later.is_after and not earlier.is_after and least(later.day_count, earlier.day_count) >= 8
    group by later.feeder, later.moment_at, moves.hours_later
    having count(*) = 24
)

select
    feeder,
    moment_at,
    cast(max(case when hours_later = 0 then distance end) as double) as own_distance,
    cast(max(case when hours_later = -1 then distance end) as double) as own_earlier_distance,
    cast(max(case when hours_later = 1 then distance end) as double) as own_later_distance,
    cast(max(case when hours_later = 0 then reversed_distance end) as double)
        as own_reversed_distance
from compared
group by feeder, moment_at
