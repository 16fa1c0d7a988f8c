-- Staging adds meter and time to a row; a join that drops or doubles one loses or invents energy.
-- Where no other file is near, every row of a file is used; elsewhere staging's rows are counted.
-- And there are as many rows as were noted when their files were accepted.
{{ config(meta={"dagster": {"ref": {"name": "files"}}}) }}

with

untested as (
    select distinct file_id from {{ ref('file_uses') }}
    where {{ is_untested('file_uses', 'month_start_at') }}
),

contested as (
    select distinct periods.file_id
    from {{ ref('stg_file_periods') }} as periods
    inner join untested on periods.file_id = untested.file_id
    where periods.is_contested
),

staged as (
    select
        file_id,
        count(*) as row_count
    from {{ ref('stg_interval_reads') }}
    where file_id in (select contested.file_id from contested)
    group by file_id
),

ledger as (select sum(row_count) as row_count from {{ source('raw', 'file_months') }}),

raw_rows as (select count(*) as row_count from {{ source('raw', 'interval_reads') }})

select
    files.file_id,
    files.row_count,
    files.used_count,
    files.superseded_count,
    files.outside_count,
    staged.row_count as staged_count
from {{ ref('files') }} as files
left join staged on files.file_id = staged.file_id
where
    files.superseded_count < 0
    or staged.row_count <> files.row_count
    or (
        files.superseded_count > 0
        and files.file_id not in (
            select periods.file_id from {{ ref('stg_file_periods') }} as periods
            where periods.is_contested
        )
        -- the rows of a clock that is a little off are ranked too
        and files.file_id not in (
            select uses.file_id from {{ ref('file_uses') }} as uses
            where uses.clock_offset_count > 0
        )
    )
union all
select
    null as file_id,
    ledger.row_count,
    null as used_count,
    null as superseded_count,
    null as outside_count,
    raw_rows.row_count as staged_count
from ledger
cross join raw_rows
where coalesce(ledger.row_count, 0) <> raw_rows.row_count
