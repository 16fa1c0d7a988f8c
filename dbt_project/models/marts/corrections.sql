-- one row per feeder, interval, channel and later file that changed its value

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="interval_start_at"
) }}

with

-- only where files meet is an interval read twice
ranked as (
    select
        *,
        case when is_ambiguous_time then 2 else 0 end + case when is_unknown then 1 else 0 end
            as doubt
    from {{ ref('stg_interval_reads') }}
    where
        is_contested
        and {{ is_in_dirty_file(ref('read_months')) }}
        and {{ is_in_dirty_part(ref('read_months'), 'interval_start_at') }}
),

-- a reading that may belong to another hour never replaced one that does not, nor an unknown value
-- a known one
reads as (
    select * from ranked
    qualify
        doubt <= min(doubt) over (
            partition by feeder, interval_start_at
            order by accepted_seq range between unbounded preceding and current row
        )
),

files as (
    select * from {{ source('raw', 'files') }}
),

-- each reading beside the one it replaced, in the order in which their files were accepted
versions as (
    select
        *,
        {% for channel in ['kw_del', 'kw_rec', 'kva_del', 'kva_rec'] %}
            {{ in_mw(channel) }} as {{ channel }}_mw,
        {% endfor %}
        row_number() over (
            partition by feeder, interval_start_at order by accepted_seq, line_number
        ) as version
    from reads
),

pairs as (
    {% for channel in ['kw_del', 'kw_rec', 'kva_del', 'kva_rec'] %}
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
            new.file_id as new_file_id,
            new.line_number as new_line_number
        from versions as new
        inner join versions as old
            on
                new.feeder = old.feeder
                and new.interval_start_at = old.interval_start_at
                and new.version = old.version + 1
        where
            new.{{ channel }}_mw is distinct from old.{{ channel }}_mw
            or new.actual_seconds <> old.actual_seconds
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
    pairs.new_file_id,
    pairs.new_line_number,
    files.processed_at as accepted_at
from pairs
inner join files on pairs.new_file_id = files.file_id
