-- A reading outside every period of meter-data.csv is kept in staging and used nowhere. That can be
-- right (a meter read before it was taken over), so it warns; the file is named to look it up.
{{ config(meta={"dagster": {"ref": {"name": "stg_interval_reads"}}}, severity="warn") }}

select
    reads.file_id,
    files.file_name,
    count(*) as unused_readings,
    min(reads.start_local) as first_start_local,
    max(reads.start_local) as last_start_local
from {{ ref('stg_interval_reads') }} as reads
inner join {{ source('raw', 'files') }} as files on reads.file_id = files.file_id
where reads.meter_data_row is null or reads.interval_start_at is null
group by reads.file_id, files.file_name
