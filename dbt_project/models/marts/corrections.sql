-- one row per feeder, interval, channel and later file that changed its value

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="interval_start_at"
) }}

with

files as (
    select * from {{ source('raw', 'files') }}
),

{{ reading_versions(ref('read_months')) }},

-- each reading beside the one it replaced
pairs as (
    {% for channel in [
        'del_raw', 'rec_raw', 'kva_del_raw', 'kva_rec_raw', 'kvar_del_raw', 'kvar_rec_raw',
    ] %}
        select
            new.feeder,
            new.interval_start_at,
            new.start_local,
            new.interval_minutes,
            old.actual_seconds as old_seconds,
            new.actual_seconds as new_seconds,
            '{{ channel }}' as channel,
            old.{{ channel }} as old_value,
            new.{{ channel }} as new_value,
            old.{{ channel }}_mw as old_mw,
            new.{{ channel }}_mw as new_mw,
            old.file_id as old_file_id,
            old.line_number as old_line_number,
            old.position as old_position,
            new.file_id as new_file_id,
            new.line_number as new_line_number,
            new.position as new_position
        from versions as new
        inner join versions as old
            on
                new.feeder = old.feeder
                and new.interval_start_at = old.interval_start_at
                and new.version = old.version + 1
        where
            new.{{ channel }}_mw is distinct from old.{{ channel }}_mw
            or (
                new.actual_seconds <> old.actual_seconds
                {%- if 'kvar' in channel %}
                    -- most meters have none
                    and new.{{ channel }} is not null
                {%- endif %}
            )
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    pairs.feeder,
    pairs.interval_start_at,
    pairs.start_local,
    pairs.interval_minutes,
    pairs.old_seconds,
    pairs.new_seconds,
    pairs.channel,
    pairs.old_value,
    pairs.new_value,
    pairs.old_mw,
    pairs.new_mw,
    pairs.old_file_id,
    pairs.old_line_number,
    pairs.old_position,
    pairs.new_file_id,
    pairs.new_line_number,
    pairs.new_position,
    files.processed_at as accepted_at
from pairs
inner join files on pairs.new_file_id = files.file_id
