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
    cast(sum(case when is_off_time_grid then 0 else 1 end) as bigint) as on_grid_count,
    cast(
        sum(case when is_partial_interval or is_long_interval then 1 else 0 end) as bigint
    ) as odd_length_count,
    min(case when is_partial_interval or is_long_interval then actual_seconds end)
        as shortest_odd_seconds,
    max(case when is_partial_interval or is_long_interval then actual_seconds end)
        as longest_odd_seconds,
    min(case when is_partial_interval or is_long_interval then interval_minutes end)
        as odd_interval_minutes,
    min(case
        when is_partial_interval or is_long_interval or is_off_time_grid then interval_start_at
    end) as first_odd_at,
    max(case
        when is_partial_interval or is_long_interval or is_off_time_grid then interval_start_at
    end) as last_odd_at,
    cast(sum(
        case when event_handling in ('test', 'skipped') or is_out_of_range then 1 else 0 end
    ) as bigint) as no_load_count,
    cast(sum(case when is_out_of_range then 1 else 0 end) as bigint) as out_of_range_count,
    cast(sum(
        case when least(del_raw, rec_raw, kva_del_raw, kva_rec_raw) < 0 then 1 else 0 end
    ) as bigint) as negative_count,
    cast(sum(case when clock_offset_seconds <> 0 then 1 else 0 end) as bigint)
        as clock_offset_count,
    min(clock_offset_seconds) as least_clock_offset,
    max(clock_offset_seconds) as most_clock_offset,
    {{ distinct_list(
        "case when reading_quality is null and event_type <> '' then event_type end"
    ) }} as unknown_events,
    min(interval_start_at) as first_start_at,
    -- what ends off the grid of intervals makes none expected beyond the one that it starts in
    max({{ dbt.dateadd(
        'second', 'case when is_off_time_grid then 1 else actual_seconds end', 'interval_start_at'
    ) }}) as last_end_at
from profiles
group by file_id, feeder, date_trunc('month', interval_start_at)
