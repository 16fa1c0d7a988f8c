-- Apparent power that is left out of peaks: error codes, what is out of proportion to the rating or
-- the feeder's history, while active power does not bear it out.
-- Rule: see implausible_kva; register readings have a detector of their own.
-- Fires on none of 15 real feeders.

with

found as (
    select
        feeder,
        reason,
        min(local_date) as first_date,
        max(local_date) as last_date,
        count(*) as interval_count,
        cast(max(mva) as double) as highest_mva,
        max_by(start_local, (mva, -{{ microseconds('interval_start_at') }})) as start_local,
        max_by(file_id, (mva, -{{ microseconds('interval_start_at') }})) as file_id,
        max_by(line_number, (mva, -{{ microseconds('interval_start_at') }})) as line_number
    from {{ ref('implausible_kva') }}
    where reason not in ('register', 'member')
    group by feeder, reason
)

select
    'implausible_kva' as rule,
    'warn' as severity,
    found.feeder,
    found.first_date,
    found.last_date,
    'the kVA of ' || {{ counted('found.interval_count', 'interval') }} || ' '
    || case when found.interval_count = 1 then 'is' else 'are' end
    || ' left out of apparent peaks: ' || case found.reason
        when 'error_code' then 'the raw value is an error code'
        when 'above_rating' then 'above {{ var("above_rating_factor") }} x rating_mva'
        else 'out of proportion to kW and to most days'
    end || '; the highest is ' || {{ shown('found.highest_mva', 3) }} || ' MVA at '
    || cast(found.start_local as string) || ' (' || coalesce(files.file_name, '') || ' line '
    || coalesce(cast(found.line_number as string), '') || ')' as evidence,
    'the power factor counts them as read: compare with the log of the meter, and see whether kVA '
    || 'has another unit there' as meaning
from found
left join {{ source('raw', 'files') }} as files on found.file_id = files.file_id
