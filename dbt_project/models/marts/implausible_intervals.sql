-- one row per feeder, or `total`, and interval with a value that no peak may rest on

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
--   member      of the total: the value of a feeder in it is one of these
-- Usual is the third-highest power of a day, of 100 full days the second-highest: no single wild
-- day moves it. 14 such days are needed but for the last. Where 4 days of a month reach that high
-- it is the load.
-- On 14 real feeders nothing is left out but six quarter hours of campus up to 5.2 MW; next is a
-- peak of 1.7 times the usual.

with

system as (
    select * from {{ ref('stg_system') }}
),

found as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        'register' as reason,
        1 as place,
        cast(null as double) as limit_mw
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ ref('register_runs') }} as runs
        on
            profiles.feeder = runs.feeder
            and profiles.meter = runs.meter
            and profiles.interval_start_at >= runs.first_at
            and profiles.interval_start_at <= runs.last_at
    where runs.channel = 'kW' and profiles.mw_net is not null and profiles.can_be_peak
    union all
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

{{ first_reasons(['reasons.limit_mw', 'profiles.interval_minutes', 'profiles.mw_net']) }},

everything as (
    select
        feeder,
        interval_start_at,
        interval_minutes,
        reason,
        limit_mw,
        mw_net,
        file_id,
        line_number
    from feeders
    union all
    select
        'total' as feeder,
        profiles.interval_start_at,
        profiles.interval_minutes,
        'member' as reason,
        null as limit_mw,
        profiles.mw_total as mw_net,
        null as file_id,
        null as line_number
    from {{ ref('combined_profiles') }} as profiles
    inner join totals on profiles.interval_start_at = totals.interval_start_at
    where profiles.mw_total is not null and profiles.can_be_peak
)

select
    everything.feeder,
    everything.interval_start_at,
    cast(everything.interval_minutes as bigint) as interval_minutes,
    {{ to_local('everything.interval_start_at', 'system.timezone') }} as start_local,
    {{ local_day('everything.interval_start_at') }} as local_date,
    everything.reason,
    cast(everything.mw_net as decimal(38, 18)) as mw_net,
    everything.limit_mw,
    everything.file_id,
    everything.line_number
from everything
cross join system
