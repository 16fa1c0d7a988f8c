-- Readings of a register where values of intervals are expected: a number that only grows.
-- Rule, source and how often it fires: docs/rules.md#register

select
    'fail' as severity,
    runs.feeder,
    min(runs.first_date) as first_date,
    max(runs.last_date) as last_date,
    'the ' || runs.channel || ' values of meter ' || runs.meter
    || ' look like register readings: from '
    || {{ shown(first_known('runs.first_reading', 'runs.first_at'), 2) }} || ' to '
    || {{ shown('max_by(runs.last_reading, runs.last_at)', 2) }}
    || ' in ' || {{ shown('sum(runs.interval_count)') }} || ' intervals '
    || case
        when sum(runs.turn_count) = 0 then 'without ever falling'
        when sum(runs.turn_count) = 1 then 'falling once, as a full register starts again at 0'
        else 'falling only as a full register starts again at 0'
    end || ', by ' || {{ shown('max(runs.largest_step)', 2) }} || ' at most; first in file '
    || min_by(files.file_name, (runs.first_at, runs.first_file_id)) as evidence,
    case
        when runs.channel = 'kW' then 'its power and energy are not usable'
        else 'its apparent power and power factor are not usable'
    end || ' and no peak rests on them: export the interval data of '
    || 'the meter, and take these files out with load-profile withdraw' as meaning
from {{ ref('register_runs') }} as runs
left join {{ source('raw', 'files') }} as files on runs.first_file_id = files.file_id
group by runs.feeder, runs.meter, runs.channel
