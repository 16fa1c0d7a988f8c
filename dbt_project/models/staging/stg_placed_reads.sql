-- one row per data row of an accepted file: the UTC time of its label and the meter-data row that
-- applies to it

{{ config(materialized="ephemeral") }}

-- tables are in the joins themselves: a CTE named twice would be made in full before any filter

with

-- a piece of a few seconds, as a clock leaves it that was set inside an interval: the rows that
-- meet it are pieces too, however little they lack
slivers as {{ inlined() }} (
    select distinct
        reads.file_id,
        reads.start_local,
        reads.end_local
    from {{ source('raw', 'interval_reads') }} as reads
    inner join {{ ref('stg_file_periods') }} as periods
        on
            reads.file_id = periods.file_id
            and reads.start_local >= periods.period_from
            and reads.start_local < periods.period_to
    where
        {{ dbt.datediff('reads.start_local', 'reads.end_local', 'second') }} between 1 and 120
        and {{ dbt.datediff('reads.start_local', 'reads.end_local', 'second') }}
        < periods.interval_minutes * 60 - {{ length_jitter('periods.interval_minutes') }}
),

befores as (
    select distinct
        file_id,
        end_local as at_local
    from slivers
),

afters as (
    select distinct
        file_id,
        start_local as at_local
    from slivers
)

select
    periods.feeder,
    {{ dbt.dateadd(
        'minute',
        '-coalesce(reads.utc_offset_minutes, case when passes.is_second_pass'
        ~ ' then periods.second_offset_minutes else periods.utc_offset_minutes end)',
        'reads.start_local'
    ) }} as label_start_at,
    periods.interval_minutes,
    periods.meter,
    periods.meter_data_row,
    reads.file_id,
    -- below 0 where the newest row is first
    abs(reads.line_number) as line_number,
    reads.position,
    periods.accepted_seq,
    reads.record_no,
    reads.event_type,
    reads.start_local,
    reads.end_local,
    periods.timezone,
    reads.del_raw,
    reads.rec_raw,
    reads.kva_del_raw,
    reads.kva_rec_raw,
    reads.kvar_del_raw,
    reads.kvar_rec_raw,
    reads.long_values,
    periods.mw_factor,
    periods.total_factor,
    periods.grid_shift_minutes,
    coalesce(passes.is_undecided, false)
    or (coalesce(periods.is_skipped, false) and reads.utc_offset_minutes is null)
        as is_ambiguous_time,
    reads.utc_offset_minutes is not null as is_offset_known,
    periods.is_contested,
    periods.valid_from_at,
    periods.valid_to_at,
    befores.at_local is not null or afters.at_local is not null as meets_sliver,
    periods.is_energy,
    periods.change_at,
    periods.change_minutes * 60 as change_seconds,
    periods.interval_minutes * 60 as meter_seconds,
    {{ dbt.datediff('reads.start_local', 'reads.end_local', 'second') }} as label_seconds,
    events.code as reading_quality,
    events.handling as event_handling
from {{ source('raw', 'interval_reads') }} as reads
left join {{ ref('stg_file_periods') }} as periods
    on
        reads.file_id = periods.file_id
        and reads.start_local >= periods.period_from
        and reads.start_local < periods.period_to
left join {{ ref('stg_repeated_hours') }} as passes
    on
        reads.file_id = passes.file_id
        and reads.line_number = passes.line_number
        and reads.position = passes.position
left join befores
    on reads.file_id = befores.file_id and reads.start_local = befores.at_local
left join afters
    on reads.file_id = afters.file_id and reads.end_local = afters.at_local
-- nearly every reading has the same word, which need not be taken apart millions of times
left join {{ ref('event_types') }} as events
    on
        case
            when reads.event_type = 'Normal' then 'normal'
            else replace(lower(reads.event_type), ' ', '')
        end = replace(lower(events.word), ' ', '')
