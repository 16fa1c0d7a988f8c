-- Values that are left out of peaks: error codes, the energy of many intervals in one, what is out
-- of proportion to the rating or the feeder's history.
-- Rule: see implausible_intervals; register readings and another unit have detectors of their own.
-- Fires on 1 of 15 real feeders: campus, six quarter hours of up to 5.2 MW on 2014-10-22.

with

intervals as (
    select
        *,
        abs(mw_net) as mw
    from {{ ref('implausible_intervals') }}
    where reason not in ('register', 'unit_step', 'member')
),

found as (
    select
        feeder,
        reason,
        min(local_date) as first_date,
        max(local_date) as last_date,
        count(*) as interval_count,
        cast(max(mw) as double) as highest_mw,
        max_by(start_local, (mw, -{{ microseconds('interval_start_at') }})) as start_local,
        max_by(file_id, (mw, -{{ microseconds('interval_start_at') }})) as file_id,
        max_by(line_number, (mw, -{{ microseconds('interval_start_at') }})) as line_number
    from intervals
    group by feeder, reason
),

-- as planner_figures has it of all days together
plausible as (
    select
        days.feeder,
        days.peak_mw,
        days.min_mw
    from {{ ref('feeder_days') }} as days
    anti join {{ ref('plausible_days') }} as others
        on days.feeder = others.feeder and days.local_date = others.local_date
    union all
    select
        feeder,
        peak_mw,
        min_mw
    from {{ ref('plausible_days') }}
),

highest as (
    select
        feeder,
        cast(greatest(abs(max(peak_mw)), abs(min(min_mw))) as double) as highest_mw
    from plausible
    group by feeder
)

select
    'implausible' as rule,
    'warn' as severity,
    found.feeder,
    found.first_date,
    found.last_date,
    {{ counted('found.interval_count', 'interval') }}
    || case when found.interval_count = 1 then ' is' else ' are' end || ' left out of peaks: '
    || case found.reason
        when 'error_code' then 'the raw value is an error code'
        when 'catch_up' then 'with the energy of what is missing, or 0, before'
        when 'whole_day' then 'with the energy of a day'
        when 'above_rating' then 'above {{ var("above_rating_factor") }} x rating_mva'
        else 'out of proportion to all other days'
    end || '; the highest is ' || {{ shown('found.highest_mw', 3) }} || ' MW at '
    || cast(found.start_local as string) || ' (' || coalesce(files.file_name, '') || ' line '
    || coalesce(cast(found.line_number as string), '') || ')'
    || coalesce(
        ', ' || {{ shown('found.highest_mw / nullif(highest.highest_mw, 0)', 1) }}
        || ' times the highest plausible one of ' || {{ shown('highest.highest_mw', 3) }} || ' MW',
        ''
    ) as evidence,
    'energy counts them as read: compare with the log of the meter; what is right after all '
    || 'becomes a peak with a rating_mva in meter-data.csv that it stays below' as meaning
from found
left join highest on found.feeder = highest.feeder
left join {{ source('raw', 'files') }} as files on found.file_id = files.file_id
