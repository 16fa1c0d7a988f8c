-- one row per reading ever accepted: where it came from and what it became

{{ config(materialized="view") }}

with

reads as (
    select
        *,
        {{ in_mw('del_raw') }} as mw_del,
        {{ in_mw('rec_raw') }} as mw_rec,
        {{ in_mw('kva_del_raw') }} as mva_del,
        {{ in_mw('kva_rec_raw') }} as mva_rec,
        {{ in_mw('kvar_del_raw') }} as mvar_del,
        {{ in_mw('kvar_rec_raw') }} as mvar_rec
    from {{ ref('stg_interval_reads') }}
    where meter_data_row is not null
),

meters as (
    select * from {{ ref('stg_meter_data') }}
),

files as (
    select * from {{ source('raw', 'files') }}
),

profiles as (
    select * from {{ ref('feeder_profiles') }}
)

select
    reads.feeder,
    reads.interval_start_at,
    reads.start_local,
    reads.end_local,
    reads.timezone,
    files.file_name,
    files.sha256,
    files.stored_as,
    reads.line_number,
    reads.position,
    reads.record_no,
    reads.event_type,
    reads.del_raw,
    reads.rec_raw,
    reads.kva_del_raw,
    reads.kva_rec_raw,
    reads.kvar_del_raw,
    reads.kvar_rec_raw,
    files.processed_at as accepted_at,
    files.release_of,
    reads.meter_data_row,
    meters.meter,
    meters.multiplier,
    meters.channel_unit,
    meters.interval_minutes,
    reads.actual_seconds,
    reads.event_handling,
    reads.mw_factor,
    reads.mw_del,
    reads.mw_rec,
    reads.mva_del,
    reads.mva_rec,
    reads.mvar_del,
    reads.mvar_rec,
    reads.file_id,
    profiles.mw_net,
    profiles.mva_net,
    profiles.pf_net,
    reads.file_id = profiles.file_id
    and reads.line_number = profiles.line_number
    and reads.position = profiles.position as is_used,
    case when reads.is_no_load then reads.event_type || ', no load: ' else '' end
    || '(' || coalesce({{ plain('reads.del_raw') }}, 'unknown') || ' delivered, '
    || coalesce({{ plain('reads.rec_raw') }}, 'unknown') || ' received) x '
    || {{ plain('meters.multiplier') }} || ' ' || meters.channel_unit
    || case
        when reads.is_spread
            then ' x 3600 / ' || cast(reads.actual_seconds as string) || ' seconds an hour'
        when meters.channel_unit like '%h'
            then ' x 60 / ' || cast(meters.interval_minutes as string) || ' an hour'
        else ''
    end
    || ' = (' || coalesce({{ plain('reads.mw_del') }}, 'unknown')
    || ', ' || coalesce({{ plain('reads.mw_rec') }}, 'unknown')
    || ') MW' as formula
from reads
inner join meters on reads.meter_data_row = meters.meter_data_row
inner join files on reads.file_id = files.file_id
inner join profiles
    on
        reads.feeder = profiles.feeder
        and reads.interval_start_at = profiles.interval_start_at
