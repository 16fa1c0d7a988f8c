-- one row per feeder, or `total`, and interval with an apparent power that no peak may rest
-- on, while its active power may be right
-- Days are looked at first: those with an apparent power of twice the highest active power of the
-- day and 1.5 times what is usual, or above the rating.
--   register    the meter's register, see register_runs
--   above_rating above 1.2 x rating_mva
--   error_code  a raw value of all ones in binary or all nines
--   kva         3 times what is usual and 5 times the active power of the interval
--   member      of the total: the value of a feeder in it is one of these
-- Usual is the third-highest apparent power of a day; a quarter of the days are below.
-- Fires on none of 15 real feeders.

with

looked_at as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        cast(profiles.mva_gross as double) as mva,
        cast(profiles.mw_gross as double) as mw,
        profiles.kva_del_raw in ({{ error_codes() }})
        or profiles.kva_rec_raw in ({{ error_codes() }}) as is_code,
        doubtful.highest_mw,
        doubtful.usual_mva,
        doubtful.limit_mva
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join {{ ref('doubtful_kva_days') }} as doubtful
        on
            profiles.feeder = doubtful.feeder
            and {{ local_day('profiles.interval_start_at') }} = doubtful.local_date
    where profiles.mva_gross is not null and profiles.can_be_peak
),

found as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        'register' as reason,
        1 as place
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ ref('register_runs') }} as runs
        on
            profiles.feeder = runs.feeder
            and profiles.meter = runs.meter
            and profiles.interval_start_at >= runs.first_at
            and profiles.interval_start_at <= runs.last_at
    where runs.channel = 'kVA' and profiles.mva_gross is not null and profiles.can_be_peak
    union all
    select
        feeder,
        interval_start_at,
        case
            when mva > limit_mva then 'above_rating'
            when is_code then 'error_code'
            else 'kva'
        end as reason,
        2 as place
    from looked_at
    where
        mva > limit_mva
        or (is_code and mva > 1.5 * usual_mva and mva > 2 * highest_mw)
        or (
            mva > 3 * usual_mva
            and mva > 2 * highest_mw
            and mva > 5 * coalesce(mw, 0)
        )
),

{{ first_reasons(['profiles.mva_gross']) }},

everything as (
    select
        feeder,
        interval_start_at,
        reason,
        cast(mva_gross as decimal(38, 18)) as mva,
        file_id,
        line_number
    from feeders
    union all
    select
        'total' as feeder,
        profiles.interval_start_at,
        'member' as reason,
        profiles.mva_total as mva,
        null as file_id,
        null as line_number
    from {{ ref('combined_profiles') }} as profiles
    inner join totals on profiles.interval_start_at = totals.interval_start_at
    where profiles.mva_total is not null and profiles.can_be_peak
)

select
    everything.feeder,
    everything.interval_start_at,
    {{ to_local('everything.interval_start_at', 'system.timezone') }} as start_local,
    {{ local_day('everything.interval_start_at') }} as local_date,
    everything.reason,
    everything.mva,
    everything.file_id,
    everything.line_number
from everything
cross join {{ ref('stg_system') }} as system
