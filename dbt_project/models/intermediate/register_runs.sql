-- one row per feeder, meter, channel (kW or kVA) and run of intervals in which the values only
-- grow: readings of a register, not what flowed in an interval
-- Rule: in 96 known intervals or more the larger channel never falls but where a register that is
-- full starts again at 0; it rises in most steps, and it is 30 times its largest step. A load that
-- never falls for a day is a constant, which does not rise. Days are looked at first, so that
-- nearly no reading has to be: each begins at or above the highest value of the one before, or
-- holds values near a power of ten and near 0.

with

readings as (
    select
        profiles.feeder,
        profiles.meter,
        profiles.interval_start_at,
        profiles.file_id,
        looked_at.channel,
        looked_at.local_date,
        case
            when looked_at.channel = 'kW' then greatest(profiles.del_raw, profiles.rec_raw)
            else greatest(profiles.kva_del_raw, profiles.kva_rec_raw)
        end as reading
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join {{ ref('register_days') }} as looked_at
        on
            profiles.feeder = looked_at.feeder
            and {{ local_day('profiles.interval_start_at') }} = looked_at.local_date
    where case
        when looked_at.channel = 'kW' then profiles.del_raw + profiles.rec_raw
        else profiles.kva_del_raw + profiles.kva_rec_raw
    end is not null
),

stepped as (
    select
        *,
        lag(reading) over (
            partition by feeder, meter, channel order by interval_start_at
        ) as before
    from readings
),

turned as (
    select
        *,
        reading - before as step,
        coalesce(
            reading < before
            and 50 * reading <= before
            and cast(before as double)
            >= 0.98 * power(10, ceil(log10(cast(nullif(before, 0) as double)))), false
        ) as is_turn
    from stepped
),

numbered as (
    select
        *,
        sum(case when step < 0 and not is_turn then 1 else 0 end) over (
            partition by feeder, meter, channel order by interval_start_at
            rows between unbounded preceding and current row
        ) as run
    from turned
)

select
    feeder,
    meter,
    channel,
    min(interval_start_at) as first_at,
    max(interval_start_at) as last_at,
    min(local_date) as first_date,
    max(local_date) as last_date,
    count(*) as interval_count,
    count(*) filter (where is_turn) as turn_count,
    {{ first_known('reading', 'interval_start_at') }} as first_reading,
    max_by(reading, interval_start_at) as last_reading,
    max(case when step >= 0 then step end) as largest_step,
    min_by(file_id, interval_start_at) as first_file_id
from numbered
group by feeder, meter, channel, run
having
    count(*) >= {{ var('register_intervals') }}
    and 2 * count(*) filter (where step > 0) > count(*)
    and max(reading) >= {{ var('register_steps') }} * max(case when step >= 0 then step end)
    -- a load that turns at full scale again and again is none
    and 50 * count(*) filter (where is_turn) <= count(*)
