-- one row per file that arrived, with what became of its rows

with

files as (
    select * from {{ source('raw', 'files') }}
),

reads as (
    select
        file_id,
        cast(count(*) - count(meter_data_row) as bigint) as outside_count,
        count(*) as loaded_count
    from {{ ref('stg_interval_reads') }}
    group by file_id
),

used as (
    select
        file_id,
        count(*) as used_count
    from {{ ref('feeder_profiles') }}
    group by file_id
),

corrected as (
    select
        new_file_id as file_id,
        cast(count(distinct new_line_number) as bigint) as correcting_count
    from {{ ref('corrections') }}
    group by new_file_id
)

select
    files.file_id,
    files.file_name,
    files.feeder,
    files.outcome,
    files.reason,
    files.release_of,
    files.release_reason,
    files.row_count,
    files.first_start_local,
    files.last_end_local,
    files.sha256,
    files.stored_as,
    files.processed_at,
    files.duplicate_of,
    coalesce(used.used_count, 0) as used_count,
    coalesce(corrected.correcting_count, 0) as correcting_count,
    coalesce(reads.loaded_count - reads.outside_count - coalesce(used.used_count, 0), 0)
        as superseded_count,
    coalesce(reads.outside_count, 0) as outside_count
from files
left join reads on files.file_id = reads.file_id
left join used on files.file_id = used.file_id
left join corrected on files.file_id = corrected.file_id
