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
    total_factor,
    is_ambiguous_time,
    file_id,
    line_number
from {{ ref('feeder_profiles') }}
