-- Readings of a register where values of intervals are expected: a number that only grows.
-- Rule: see register_runs. None of its values makes a peak, of the feeder or of the total; its
-- energy is not to be used. Fires on none of 15 real feeders.

select
    'register' as rule,
    'fail' as severity,
    runs.feeder,
    min(runs.first_date) as first_date,
    max(runs.last_date) as last_date,
    'the values of meter ' || runs.meter || ' look like register readings: from '
    || {{ shown('min(runs.first_kw)', 2) }} || ' to ' || {{ shown('max(runs.last_kw)', 2) }}
    || ' in ' || {{ shown('sum(runs.interval_count)') }} || ' intervals without ever falling, by '
    || {{ shown('max(runs.largest_step)', 2) }} || ' at most; first in file '
    || min_by(files.file_name, (runs.first_date, runs.first_file_id)) as evidence,
    'its power and energy are not usable and no peak rests on them: export the interval data of '
    || 'the meter, and take these files out with load-profile withdraw' as meaning
from {{ ref('register_runs') }} as runs
left join {{ source('raw', 'files') }} as files on runs.first_file_id = files.file_id
group by runs.feeder, runs.meter
