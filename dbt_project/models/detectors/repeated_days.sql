-- one row per feeder and day whose readings are all equal to those of an earlier day, up to five
-- weeks before: days with the same energies and extremes are looked at first

with

days as (
    select
        feeder,
        local_date,
        del_mj,
        rec_mj,
        highest_kw,
        lowest_kw
    from {{ ref('feeder_days') }}
    where
        feeder <> 'total'
        and known_minutes >= {{ var('full_day_minutes') }}
        and highest_kw > lowest_kw
),

pairs as (
    select
        later.feeder,
        later.local_date,
        max(earlier.local_date) as earlier_date
    from days as later
    inner join days as earlier
        on
            later.feeder = earlier.feeder
            and later.del_mj = earlier.del_mj
            and later.rec_mj = earlier.rec_mj
            and later.highest_kw = earlier.highest_kw
            and later.lowest_kw = earlier.lowest_kw
            and later.local_date > earlier.local_date
            and later.local_date <= earlier.local_date + 35
    group by later.feeder, later.local_date
),

readings as (
    select
        pairs.feeder,
        pairs.local_date,
        pairs.earlier_date,
        profiles.del_raw,
        profiles.rec_raw,
        {{ local_day('profiles.interval_start_at') }} = pairs.local_date as is_later,
        substring(cast({{ to_local(
            'profiles.interval_start_at', 'system.timezone'
        ) }} as string), 12) as local_time
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join pairs
        on
            profiles.feeder = pairs.feeder
            and {{ local_day('profiles.interval_start_at') }}
            in (pairs.local_date, pairs.earlier_date)
),

repeated as (
    select
        later.feeder,
        later.local_date,
        later.earlier_date,
        count(*) as equal_count
    from readings as later
    inner join readings as earlier
        on
            later.feeder = earlier.feeder
            and later.local_date = earlier.local_date
            and later.local_time = earlier.local_time
    where later.is_later and not earlier.is_later
    group by later.feeder, later.local_date, later.earlier_date
    having
        count(*) filter (
            where later.del_raw <> earlier.del_raw or later.rec_raw <> earlier.rec_raw
        ) = 0
        -- two idle days may be equal, a load is not
        and count(distinct later.del_raw - later.rec_raw) >= {{ var('repeated_values') }}
)

-- where many days are repeated they are a simulation, or what a timer switches
select *
from repeated
qualify
    count(*) over (
        partition by feeder order by local_date
        range between interval 28 days preceding and interval 28 days following
    ) <= 3
