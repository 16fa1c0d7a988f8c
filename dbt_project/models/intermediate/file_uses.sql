-- one row per file, feeder and UTC month: how many of its rows are the reading of their interval

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="month_start_at"
) }}

with

profiles as (
    select * from {{ ref('feeder_profiles') }}
    where {{ is_in_dirty_part(ref('read_months'), 'interval_start_at') }}
)

select
    file_id,
    feeder,
    date_trunc('month', interval_start_at) as month_start_at,
    count(*) as used_count,
    cast(sum(case when is_off_grid then 0 else 1 end) as bigint) as on_grid_count,
    -- 60 minutes off: the clock changed inside
    cast(sum(case
        when
            {{ minutes_between('start_local', 'end_local') }} - interval_minutes in (-60, 0, 60)
            then 0
        else 1
    end) as bigint) as odd_length_count,
    min(interval_start_at) as first_start_at,
    max({{ add_minutes('interval_start_at', 'interval_minutes') }}) as last_end_at
from profiles
group by file_id, feeder, date_trunc('month', interval_start_at)
