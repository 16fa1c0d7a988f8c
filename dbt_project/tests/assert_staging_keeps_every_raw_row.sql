-- Staging adds meter and time to a row; a join that drops or doubles one loses or invents energy.
{{ config(meta={"dagster": {"ref": {"name": "stg_interval_reads"}}}) }}

with

raw_rows as (select count(*) as row_count from {{ source('raw', 'interval_reads') }}),

staged_rows as (select count(*) as row_count from {{ ref('stg_interval_reads') }})

select
    raw_rows.row_count as raw_rows,
    staged_rows.row_count as staged_rows
from raw_rows
cross join staged_rows
where raw_rows.row_count <> staged_rows.row_count
