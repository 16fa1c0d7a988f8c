-- one row per feeder and moment at which its meter's clock seems to have been set by an hour: one
-- hour is missing (1), or was read twice with other values (-1)

with

read_twice as (
    select
        feeder,
        new_file_id,
        min(interval_start_at) as moment_at,
        count(distinct interval_start_at) * max(interval_minutes) as minutes,
        {{ dbt.datediff('min(interval_start_at)', 'max(interval_start_at)', 'minute') }}
        + max(interval_minutes) as span_minutes
    from {{ ref('corrections') }}
    group by feeder, new_file_id, old_file_id
)

select
    feeder,
    gap_end_at as moment_at,
    1 as hours_later
from {{ ref('gaps') }}
where gap_minutes = 60
union
select
    feeder,
    moment_at,
    -1 as hours_later
from read_twice
where minutes = 60 and span_minutes = 60
