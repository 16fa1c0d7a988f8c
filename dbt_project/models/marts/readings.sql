-- one row per feeder and interval: the reading that counts

{{ config(materialized="view") }}

select
    feeder,
    interval_start_at,
    interval_minutes,
    meter,
    record_no,
    event_type,
    start_local,
    end_local,
    timezone,
    kw_del,
    kw_rec,
    kva_del,
    kva_rec,
    mw_factor,
    total_factor,
    is_ambiguous_time,
    file_id,
    line_number,
    meter_data_row
from {{ ref('stg_interval_reads') }}
where meter_data_row is not null
-- the file accepted last wins, whatever its name
qualify
    row_number() over (
        partition by feeder, interval_start_at order by accepted_seq desc, line_number desc
    ) = 1
