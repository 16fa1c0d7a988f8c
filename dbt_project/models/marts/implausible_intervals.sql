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

days as (
    select
        *,
        cast(del_mj + rec_mj as double) as mj
    from {{ ref('feeder_days') }}
    where feeder <> 'total' and known_minutes > 0
),

-- of unit_steps, what stands above the level at which the feeder is for most of its time
spans as (
    select
        feeder,
        timestamp '0001-01-02' as from_at,
        start_at as until_at
    from {{ ref('unit_steps') }}
    where from_at is null and level_before > 0
    union all
    select
        feeder,
        start_at as from_at,
        coalesce(until_at, timestamp '9999-01-01') as until_at
    from {{ ref('unit_steps') }}
    where level > 0
),

rated as (
    select * from {{ ref('rating_days') }}
    where not is_wrong
),

span_days as (
    select
        spans.feeder,
        {{ local_day('spans.from_at') }} as from_date,
        {{ local_day('spans.until_at') }} as until_date
    from spans
    cross join system
),

history as (
    select
        days.feeder,
        count(*) as day_count,
        max(days.third_highest_mw) as most_mw,
        {{ quantile('days.third_highest_mw', var('usual_share')) }} as usual_mw,
        {{ quantile('days.third_highest_mw', 0.5) }} as middle_mw
    from days
    anti join span_days
        on
            days.feeder = span_days.feeder
            and days.local_date >= span_days.from_date
            and days.local_date <= span_days.until_date
    where days.known_minutes >= {{ var('full_day_minutes') }} and days.third_highest_mw > 0
    group by days.feeder
),

-- of a day: what the interval of the highest power carries, and what all others do on average
measured as (
    select
        days.feeder,
        days.local_date,
        days.highest_mw,
        days.third_highest_mw,
        days.interval_minutes,
        rated.limit_mva,
        history.usual_mw,
        history.middle_mw,
        coalesce(history.day_count, 0) as day_count,
        days.mj / (days.known_minutes * 60) as mean_mw,
        (days.mj - days.highest_mw * days.interval_minutes * 60)
        / nullif((days.known_minutes - days.interval_minutes) * 60, 0) as rest_mw,
        lag(days.mj / (days.known_minutes * 60)) over (
            partition by days.feeder order by days.local_date
        ) as before_mw,
        coalesce(
            rated.limit_mva is null
            and history.day_count >= {{ var('usual_days') }}
            and days.highest_mw > {{ var('implausible_factor') }} * history.usual_mw, false
        ) as is_high,
        coalesce(
            rated.limit_mva is null
            and days.known_minutes >= 24 * days.interval_minutes
            and days.third_highest_mw > 0
            and days.highest_mw > 10 * days.third_highest_mw
            and days.highest_mw > 10 * coalesce(history.most_mw, 0), false
        ) as is_lone
    from days
    left join history on days.feeder = history.feeder
    left join rated on days.feeder = rated.feeder and days.local_date = rated.local_date
),

judged as (
    select
        *,
        is_high and sum(case when is_high then 1 else 0 end) over (
            partition by feeder order by local_date
            range between interval 14 days preceding and interval 14 days following
        ) <= 3 as is_spiky,
        coalesce(highest_mw > limit_mva, false) as is_over,
        coalesce(highest_mw > 3 * case
            when day_count < 3 then mean_mw else middle_mw
        end, false) as may_be_code,
        coalesce(third_highest_mw > 0 and highest_mw > 10 * third_highest_mw, false)
        and (
            coalesce(
                highest_mw * interval_minutes / 1440 between 0.8 * rest_mw and 1.25 * rest_mw, false
            )
            or coalesce(
                highest_mw * interval_minutes / 1440 between 0.8 * before_mw and 1.25 * before_mw,
                false
            )
        ) as is_day_total
    from measured
),

doubtful as (
    select * from judged
    where is_spiky or is_lone or is_over or may_be_code or is_day_total
),

-- the readings of these days
looked_at as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.interval_minutes,
        doubtful.local_date,
        doubtful.is_spiky,
        doubtful.is_lone,
        doubtful.third_highest_mw,
        doubtful.is_over,
        doubtful.may_be_code,
        doubtful.is_day_total,
        doubtful.limit_mva,
        doubtful.usual_mw,
        doubtful.highest_mw,
        abs(cast(profiles.mw_net as double)) as mw,
        3 * case
            when doubtful.day_count < 3 then doubtful.mean_mw else doubtful.middle_mw
        end as code_limit_mw,
        profiles.kw_del in ({{ error_codes() }})
        or profiles.kw_rec in ({{ error_codes() }}) as is_code,
        sum(case
            when
                abs(cast(profiles.mw_net as double))
                > {{ var('peak_rise') }} * doubtful.usual_mw
                then profiles.interval_minutes
            else 0
        end) over (partition by profiles.feeder, doubtful.local_date) as high_minutes
    from {{ ref('feeder_profiles') }} as profiles
    cross join system
    inner join doubtful
        on
            profiles.feeder = doubtful.feeder
            and {{ local_day('profiles.interval_start_at') }} = doubtful.local_date
    where profiles.mw_net is not null and profiles.can_be_peak
),

-- what comes right after intervals that are missing or 0, on a day on which it stands alone
holes as (
    select
        feeder,
        gap_start_at as hole_start_at,
        gap_end_at as hole_end_at,
        missing_intervals as interval_count
    from {{ ref('gaps') }}
    union all
    select
        feeder,
        run_start_at as hole_start_at,
        run_end_at as hole_end_at,
        interval_count
    from {{ ref('whole_runs') }}
    where kw_del = 0 and kw_rec = 0
),

lone_holes as (
    select holes.*
    from holes
    cross join system
    inner join days
        on
            holes.feeder = days.feeder
            and {{ local_day('holes.hole_end_at') }} = days.local_date
            and days.highest_mw > 1.5 * coalesce(days.third_highest_mw, 0)
),

resumed as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.interval_minutes,
        lone_holes.interval_count,
        lone_holes.hole_start_at,
        abs(cast(profiles.mw_net as double)) as mw
    from {{ ref('feeder_profiles') }} as profiles
    inner join lone_holes
        on
            profiles.feeder = lone_holes.feeder
            and profiles.interval_start_at = lone_holes.hole_end_at
    where profiles.mw_net <> 0 and profiles.can_be_peak
),

beside as (
    select
        resumed.*,
        abs(cast(befores.mw_net as double)) as before_mw,
        abs(cast(afters.mw_net as double)) as after_mw
    from resumed
    left join {{ ref('feeder_profiles') }} as befores
        on
            resumed.feeder = befores.feeder
            and {{ add_minutes('resumed.hole_start_at', '-resumed.interval_minutes') }}
            = befores.interval_start_at
    left join {{ ref('feeder_profiles') }} as afters
        on
            resumed.feeder = afters.feeder
            and {{ add_minutes('resumed.interval_start_at', 'resumed.interval_minutes') }}
            = afters.interval_start_at
),

shares as (
    select
        *,
        greatest(coalesce(before_mw, after_mw), coalesce(after_mw, before_mw)) as limit_mw,
        2 * mw / (interval_count + 1)
        / nullif(coalesce(before_mw, after_mw) + coalesce(after_mw, before_mw), 0) as share
    from beside
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
    inner join spans
        on
            profiles.feeder = spans.feeder
            and profiles.interval_start_at >= spans.from_at
            and profiles.interval_start_at < spans.until_at
    left join rated
        on
            profiles.feeder = rated.feeder
            and {{ local_day('profiles.interval_start_at') }} = rated.local_date
    where rated.limit_mva is null and profiles.mw_net is not null and profiles.can_be_peak
    union all
    select
        feeder,
        interval_start_at,
        case
            when is_code and may_be_code and mw > code_limit_mw then 'error_code'
            when is_day_total and mw = highest_mw then 'whole_day'
            when is_over and mw > limit_mva then 'above_rating'
            when
                is_spiky and mw > {{ var('peak_rise') }} * usual_mw
                and high_minutes <= {{ var('spike_minutes') }} then 'spike'
            when is_lone and mw > 10 * third_highest_mw then 'spike'
        end as reason,
        case
            when is_code and may_be_code and mw > code_limit_mw then 2
            when is_day_total and mw = highest_mw then 4
            when is_over and mw > limit_mva then 5
            else 7
        end as place,
        case
            when is_code and may_be_code and mw > code_limit_mw then code_limit_mw
            when is_day_total and mw = highest_mw then null
            when is_over and mw > limit_mva then limit_mva
            when is_spiky then {{ var('peak_rise') }} * usual_mw
            else 10 * third_highest_mw
        end as limit_mw
    from looked_at
    union all
    select
        feeder,
        interval_start_at,
        'catch_up' as reason,
        3 as place,
        limit_mw
    from shares
    where
        mw > {{ var('catch_up_factor') }} * limit_mw
        -- the load of some hours is that of the neighbours, that of a day need not be
        and case
            when interval_count * interval_minutes <= 360 then share between 0.75 and 1.3
            else share between 0.4 and 2.5
        end
),

first_reasons as (
    select * from found
    where reason is not null
    qualify row_number() over (partition by feeder, interval_start_at order by place) = 1
),

feeders as (
    select
        reasons.feeder,
        reasons.interval_start_at,
        profiles.interval_minutes,
        reasons.reason,
        reasons.limit_mw,
        profiles.mw_net,
        profiles.total_factor,
        profiles.file_id,
        profiles.line_number
    from {{ ref('feeder_profiles') }} as profiles
    inner join first_reasons as reasons
        on
            profiles.feeder = reasons.feeder
            and profiles.interval_start_at = reasons.interval_start_at
),

-- an interval of the total is as long as the longest of a feeder, or longer
totals as (
    select distinct
        {{ floor_to_grid(
            'feeders.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as interval_start_at
    from feeders
    cross join system
    where feeders.total_factor <> 0
),

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
