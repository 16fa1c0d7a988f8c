-- one row per feeder, meter and run of days in which the values only grow: readings of a register,
-- not what flowed in an interval
-- Rule: in 96 known intervals or more the larger channel never falls, it rises in most steps, and
-- it is 30 times its largest step. A load that never falls for a day is a constant, which does not
-- rise. Days are looked at first, so that nearly no reading has to be: each of a run begins at or
-- above the highest value of the one before.

with

days as (
    select
        feeder,
        local_date,
        lowest_kw,
        highest_kw,
        case
            when lowest_kw >= lag(highest_kw) over (partition by feeder order by local_date)
                then 0
            else 1
        end as is_new,
        count(*) over (partition by feeder) as day_count
    from {{ ref('feeder_days') }}
    where feeder <> '*' and highest_kw > 0
),

numbered as (
    select
        *,
        sum(is_new) over (
            partition by feeder order by local_date
            rows between unbounded preceding and current row
        ) as run
    from days
),

-- one day alone says nothing, unless it is all there is
runs as (
    select
        feeder,
        run,
        min(local_date) as first_date,
        max(local_date) as last_date
    from numbered
    group by feeder, run
    having max(highest_kw) > min(lowest_kw) and (count(*) >= 2 or max(day_count) = 1)
),

values_of_runs as (
    select
        profiles.feeder,
        profiles.meter,
        runs.run,
        profiles.interval_start_at,
        profiles.file_id,
        {{ local_day('profiles.interval_start_at') }} as local_date,
        greatest(profiles.kw_del, profiles.kw_rec) as kw
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join runs
        on
            profiles.feeder = runs.feeder
            and {{ local_day('profiles.interval_start_at') }} >= runs.first_date
            and {{ local_day('profiles.interval_start_at') }} <= runs.last_date
    where profiles.kw_del is not null and profiles.kw_rec is not null
),

steps as (
    select
        *,
        kw - lag(kw) over (partition by feeder, meter, run order by interval_start_at) as step
    from values_of_runs
)

select
    feeder,
    meter,
    cast(sum(case when step > 0 then 1 else 0 end) as bigint) as rise_count,
    min(local_date) as first_date,
    max(local_date) as last_date,
    count(*) as interval_count,
    min(kw) as first_kw,
    max(kw) as last_kw,
    max(step) as largest_step,
    min(file_id) as first_file_id
from steps
group by feeder, meter, run
having
    count(*) >= {{ var('register_intervals') }}
    and min(step) >= 0
    and 2 * sum(case when step > 0 then 1 else 0 end) > count(*)
    and max(kw) >= {{ var('register_steps') }} * max(step)
