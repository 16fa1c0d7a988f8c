-- one row per feeder, interval, channel and later file that changed its value

with

reads as (
    select * from {{ ref('stg_interval_reads') }}
    where meter_data_row is not null
),

files as (
    select * from {{ source('raw', 'files') }}
),

-- few intervals are read twice
overlapping as (
    select
        feeder,
        interval_start_at
    from reads
    group by feeder, interval_start_at
    having count(*) > 1
),

-- each reading beside the one it replaced, in the order in which their files were accepted
versions as (
    select
        reads.*,
        row_number() over (
            partition by reads.feeder, reads.interval_start_at
            order by reads.accepted_seq, reads.line_number
        ) as version
    from reads
    inner join overlapping
        on
            reads.feeder = overlapping.feeder
            and reads.interval_start_at = overlapping.interval_start_at
),

pairs as (
    {% for channel in ['kw_del', 'kw_rec', 'kva_del', 'kva_rec'] %}
        select
            new.feeder,
            new.interval_start_at,
            new.start_local,
            new.interval_minutes,
            '{{ channel }}' as channel,
            old.{{ channel }} as old_value,
            new.{{ channel }} as new_value,
            new.mw_factor,
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
        where new.{{ channel }} is distinct from old.{{ channel }}
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select
    pairs.feeder,
    pairs.interval_start_at,
    pairs.start_local,
    pairs.interval_minutes,
    pairs.channel,
    pairs.old_value,
    pairs.new_value,
    cast(pairs.old_value * pairs.mw_factor as decimal(28, 18)) as old_mw,
    cast(pairs.new_value * pairs.mw_factor as decimal(28, 18)) as new_mw,
    pairs.old_file_id,
    pairs.old_line_number,
    pairs.new_file_id,
    pairs.new_line_number,
    files.processed_at as accepted_at
from pairs
inner join files on pairs.new_file_id = files.file_id
