-- one row per file, feeder and UTC month with rows whose time is ambiguous

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="month_start_at"
) }}

select
    file_id,
    feeder,
    date_trunc('month', interval_start_at) as month_start_at,
    count(*) as row_count,
    min(start_local) as first_start_local,
    max(start_local) as last_start_local
from {{ ref('stg_interval_reads') }}
where
    is_ambiguous_time
    and file_id in (
        select periods.file_id from {{ ref('stg_file_periods') }} as periods
        where periods.second_offset_minutes is not null or periods.is_skipped
    )
    and {{ is_in_dirty_file(ref('read_months')) }}
    and {{ is_in_dirty_part(ref('read_months'), 'interval_start_at') }}
group by file_id, feeder, date_trunc('month', interval_start_at)
