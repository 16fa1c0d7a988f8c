-- A reading outside every period of meter-data.csv is kept in staging and used nowhere. That can be
-- right: a meter read before it was taken over.
-- Rule, source and how often it fires: docs/rules.md#outside_periods

with

found as (
    select
        meters.feeder,
        cast(sum(files.outside_count) as bigint) as outside_count,
        cast(sum(files.row_count) as bigint) as row_count,
        min(files.first_start_local) as first_local,
        max(files.last_end_local) as last_local,
        count(*) as file_count,
        min_by(files.file_name, (files.first_start_local, files.file_id)) as first_file
    from {{ ref('files') }} as files
    inner join {{ feeder_names() }} as meters on files.feeder = meters.feeder_key
    where files.outside_count > 0
    group by meters.feeder
)

select
    'warn' as severity,
    feeder,
    cast(first_local as date) as first_date,
    cast(last_local as date) as last_date,
    {{ shown('outside_count') }} || ' of ' || {{ counted('row_count', 'row') }}
    || ' lie outside every period that meter-data.csv has for this feeder and are used nowhere, '
    || {{ in_files('first_file', 'file_count') }} || ', which reaches '
    || {{ from_to('first_local', 'last_local') }} as evidence,
    'right if another meter, or none, was there then; else correct valid_from and valid_to in '
    || 'meter-data.csv' as meaning
from found
