-- Apparent power that is left out of peaks while active power does not bear it out
-- (implausible_kva). Register readings have a detector of their own.
-- Rule, source and how often it fires: docs/rules.md#implausible_kva

with

{{ left_out(ref('implausible_kva'), 'mva', ['register', 'member']) }}

select
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
    end || '; the highest is ' || {{ highest_left_out('MVA') }} as evidence,
    'no power factor rests on them either: compare with the log of the meter, and see whether kVA '
    || 'has another unit there' as meaning
from found
left join {{ source('raw', 'files') }} as files on found.file_id = files.file_id
