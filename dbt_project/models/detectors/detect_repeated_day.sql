-- A day with the readings of an earlier one: a lost day that was filled with a copy, or a file that
-- was dated again.
-- Rule, source and how often it fires: docs/rules.md#repeated_day

select
    'warn' as severity,
    feeder,
    local_date as first_date,
    local_date as last_date,
    'all ' || {{ shown('equal_count') }} || ' readings are those of '
    || cast(earlier_date as string) as evidence,
    'a lost day that was filled with a copy, or a file with wrong dates: read the meter out again'
        as meaning
from {{ ref('repeated_days') }}
