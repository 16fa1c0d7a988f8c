-- one row per feeder and maximal run of expected intervals without a reading

-- a gap may reach over months: a feeder's are rebuilt together when one of its months changes
{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="expected_months",
    part_time=""
) }}

with

missing as (
    select * from {{ ref('missing_intervals') }}
    where {{ is_in_dirty_part(ref('expected_months'), '') }}
),

runs as (
    select
        *,
        {{ run_of(['feeder', 'interval_minutes']) }} as run
    from missing
)

select
    feeder,
    min(interval_start_at) as gap_start_at,
    {{ dbt.dateadd('minute', 'interval_minutes', 'max(interval_start_at)') }} as gap_end_at,
    cast(count(*) as bigint) as missing_intervals,
    cast(count(*) * interval_minutes as bigint) as gap_minutes,
    interval_minutes,
    {{ to_local('min(interval_start_at)', 'timezone') }} as gap_start_local,
    {{ to_local(dbt.dateadd('minute', 'interval_minutes', 'max(interval_start_at)'), 'timezone') }}
        as gap_end_local
from runs
group by feeder, interval_minutes, timezone, run
