-- one row per feeder and expected interval without a reading

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="expected_months",
    part_time="interval_start_at"
) }}

with

expected as (
    select * from {{ ref('expected_periods') }}
    where
        first_start_at < until_at
        and {{ is_in_dirty_part(ref('expected_months'), 'month_start_at') }}
),

-- one meter, and as many readings on its grid as the month has intervals: nothing is missing
complete as (
    select
        expected.feeder,
        expected.month_start_at
    from expected
    inner join {{ ref('file_uses') }} as uses
        on expected.feeder = uses.feeder and expected.month_start_at = uses.month_start_at
    group by expected.feeder, expected.month_start_at
    having
        count(distinct expected.meter_data_row) = 1
        and sum(uses.on_grid_count * expected.interval_minutes * 60)
        = max({{ dbt.datediff('expected.first_start_at', 'expected.until_at', 'second') }})
),

incomplete as (
    select expected.*
    from expected
    anti join complete
        on
            expected.feeder = complete.feeder
            and expected.month_start_at = complete.month_start_at
),

intervals as (
    select
        feeder,
        interval_minutes,
        timezone,
        total_factor,
        {{ interval_series('first_start_at', 'until_at', 'interval_minutes') }}
            as interval_start_at
    from incomplete
)

select
    intervals.feeder,
    intervals.interval_start_at,
    intervals.interval_minutes,
    intervals.timezone,
    intervals.total_factor
from intervals
anti join {{ ref('feeder_profiles') }} as readings
    on
        intervals.feeder = readings.feeder
        and intervals.interval_start_at = readings.interval_start_at
