-- one row per feeder and day of the system's clock with a reading, and per day of `total`:
-- what planner_figures adds up and the detectors look at

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="day_months",
    part_time="local_date"
) }}

with

intervals as {{ inlined() }} (
    select * from {{ dated_intervals(ref('day_months')) }} as intervals
),

{{ day_figures('can_be_peak', is_in_dirty_part(ref('day_months'), 'local_date')) }}
