-- one row per file, feeder and UTC month: how many of its rows are the reading of their interval

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="month_start_at"
) }}

{% set is_odd_length = '(is_partial_interval or is_long_interval)' %}

select
    file_id,
    feeder,
    date_trunc('month', interval_start_at) as month_start_at,
    count(*) as used_count,
    count(*) filter (where not coalesce(is_off_time_grid, false)) as on_grid_count,
    count(*) filter (where {{ is_odd_length }}) as odd_length_count,
    min(actual_seconds) filter (where {{ is_odd_length }}) as shortest_odd_seconds,
    max(actual_seconds) filter (where {{ is_odd_length }}) as longest_odd_seconds,
    min(interval_minutes) filter (where {{ is_odd_length }}) as odd_interval_minutes,
    min(interval_start_at) filter (where {{ is_odd_length }} or is_off_time_grid) as first_odd_at,
    max(interval_start_at) filter (where {{ is_odd_length }} or is_off_time_grid) as last_odd_at,
    count(*) filter (where event_handling in ('test', 'skipped') or is_out_of_range)
        as no_load_count,
    count(*) filter (where is_out_of_range) as out_of_range_count,
    count(*) filter (where least(
        del_raw, rec_raw, kva_del_raw, kva_rec_raw, kvar_del_raw, kvar_rec_raw
    ) < 0) as negative_count,
    count(*) filter (where clock_offset_seconds <> 0) as clock_offset_count,
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
from {{ ref('feeder_profiles') }}
where {{ is_in_dirty_part(ref('read_months'), 'interval_start_at') }}
group by file_id, feeder, date_trunc('month', interval_start_at)
