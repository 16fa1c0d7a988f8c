-- one row per reading and quantity, `mw` or `mva`, that no peak may rest on by a rule, and which
-- decision accepts it all the same

-- Days are looked at first and readings only on those that are out of proportion, so that a year of
-- good data costs nothing. Values are never changed: energy has them as read.
--   register    the meter's register, see register_runs
--   error_code  a raw value of all ones in binary or all nines, 3 times what is usual
--   catch_up    carries the energy of what was missing, or 0, right before it
--   whole_day   carries the energy of a day
--   above_rating above 1.2 x rating_mva; a feeder with a rating is not measured by its history, but
--               where most days are above on average the rating itself is wrong, see rating_days
--   unit_step   while all is 10, 100 or 1000 times as large, see unit_steps
--   spike       above 1.5 times what is usual, for 2 hours at most, on a day with 3 times that;
--               or 10 times the third-highest of its day and of all other days
-- Usual is the third-highest power of a day, of 100 full days the second-highest: no single wild
-- day moves it. 14 such days are needed but for the last. Where 4 days of a month reach that high
-- it is the load.
-- On 14 real feeders nothing is left out but six quarter hours of campus up to 5.2 MW; next is a
-- peak of 1.7 times the usual.
-- Apparent power is looked at on days with twice the highest active power of the day and 1.5 times
-- what is usual, or above the rating:
--   register    the meter's register, see register_runs
--   above_rating above 1.2 x rating_mva
--   error_code  a raw value of all ones in binary or all nines
--   kva         3 times what is usual and 5 times the active power of the interval
-- Usual is the third-highest apparent power of a day; a quarter of the days are below.
-- Fires on none of 15 real feeders.

with

system as (
    select * from {{ ref('stg_system') }}
),

registers as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        case runs.channel when 'kW' then 'mw' else 'mva' end as quantity
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ ref('register_runs') }} as runs
        on
            profiles.feeder = runs.feeder
            and profiles.meter = runs.meter
            and profiles.interval_start_at >= runs.first_at
            and profiles.interval_start_at <= runs.last_at
    where
        profiles.can_be_peak
        and case runs.channel when 'kW' then profiles.mw_net else profiles.mva_gross end
        is not null
),

found as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        'unit_step' as reason,
        6 as place,
        cast(null as double) as limit_mw
    from {{ ref('feeder_profiles') }} as profiles
    cross join system
    inner join {{ ref('unit_step_spans') }} as spans
        on
            profiles.feeder = spans.feeder
            and profiles.interval_start_at >= spans.from_at
            and profiles.interval_start_at < spans.until_at
    left join {{ ref('rating_days') }} as rated
        on
            profiles.feeder = rated.feeder
            and not rated.is_wrong
            and {{ local_day('profiles.interval_start_at') }} = rated.local_date
    where rated.limit_mva is null and profiles.mw_net is not null and profiles.can_be_peak
    union all
    select
        feeder,
        interval_start_at,
        reason,
        place,
        limit_mw
    from {{ ref('doubtful_readings') }}
    union all
    select
        feeder,
        interval_start_at,
        'catch_up' as reason,
        3 as place,
        limit_mw
    from {{ ref('catch_up_readings') }}
),

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
    cross join system
    inner join {{ ref('doubtful_kva_days') }} as doubtful
        on
            profiles.feeder = doubtful.feeder
            and {{ local_day('profiles.interval_start_at') }} = doubtful.local_date
    where profiles.mva_gross is not null and profiles.can_be_peak
),

everything as (
    select
        quantity,
        feeder,
        interval_start_at,
        'register' as reason,
        1 as place,
        cast(null as double) as limit_mw
    from registers
    union all
    select
        'mw' as quantity,
        feeder,
        interval_start_at,
        reason,
        place,
        limit_mw
    from found
    union all
    select
        'mva' as quantity,
        feeder,
        interval_start_at,
        case
            when mva > limit_mva then 'above_rating'
            when is_code then 'error_code'
            else 'kva'
        end as reason,
        2 as place,
        cast(null as double) as limit_mw
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

first_reasons as (
    select * from everything
    qualify
        row_number() over (partition by quantity, feeder, interval_start_at order by place) = 1
),

accepted as (
    select
        reasons.quantity,
        reasons.feeder,
        reasons.interval_start_at,
        max(decisions.decision) as accepted_by
    from first_reasons as reasons
    inner join {{ ref('decisions') }} as decisions
        on
            reasons.feeder = decisions.feeder
            and reasons.interval_start_at >= decisions.first_start_at
            and reasons.interval_start_at < decisions.until_at
            and decisions.action = 'accept'
            and decisions.is_in_force
    where
        decisions.channel is null
        or substr(decisions.channel, 1, length(reasons.quantity) + 1) = reasons.quantity || '_'
    group by reasons.quantity, reasons.feeder, reasons.interval_start_at
)

select
    reasons.feeder,
    reasons.interval_start_at,
    profiles.interval_minutes,
    reasons.quantity,
    reasons.reason,
    reasons.limit_mw,
    profiles.mw_net,
    profiles.mva_gross,
    profiles.file_id,
    profiles.line_number,
    accepted.accepted_by,
    -- an interval of the total is as long as the longest of a feeder, or longer
    case
        when profiles.total_factor <> 0 then {{ floor_to_grid(
            'reasons.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }}
    end as total_start_at
from {{ ref('feeder_profiles') }} as profiles
cross join system
inner join first_reasons as reasons
    on
        profiles.feeder = reasons.feeder
        and profiles.interval_start_at = reasons.interval_start_at
left join accepted
    on
        reasons.quantity = accepted.quantity
        and reasons.feeder = accepted.feeder
        and reasons.interval_start_at = accepted.interval_start_at
