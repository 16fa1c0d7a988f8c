-- one row per feeder and interval: the reading that counts, with all its digits

{{ config(materialized="view") }}

select
    profiles.feeder,
    profiles.interval_start_at,
    profiles.interval_minutes,
    profiles.meter,
    profiles.record_no,
    profiles.event_type,
    profiles.start_local,
    profiles.end_local,
    profiles.timezone,
    {% for channel in [
        'del_raw', 'rec_raw', 'kva_del_raw', 'kva_rec_raw', 'kvar_del_raw', 'kvar_rec_raw',
    ] %}
        coalesce(
            {{ long_value(channel, 'reads.long_values') }},
            cast(profiles.{{ channel }} as decimal(38, 18))
        ) as {{ channel }},
    {% endfor %}
    profiles.total_factor,
    profiles.is_ambiguous_time,
    profiles.file_id,
    profiles.line_number,
    profiles.position
from {{ ref('feeder_profiles') }} as profiles
left join {{ source('raw', 'interval_reads') }} as reads
    on
        profiles.file_id = reads.file_id
        and profiles.line_number = reads.line_number
        and profiles.position = reads.position
        and reads.long_values is not null
