-- one row per data row of an accepted file, on the UTC clock, with the meter-data row that applies

-- tables stand in the joins themselves: a CTE named twice would be made in full before any filter
with

-- order of records tells the first pass of a repeated hour (daylight time) from the second
repeated as (
    select
        reads.file_id,
        reads.line_number,
        periods.has_rows_before,
        periods.has_rows_after,
        coalesce(
            max(reads.start_local) over (
                partition by reads.file_id, periods.clock_from
                order by reads.line_number rows between unbounded preceding and 1 preceding
            ) >= reads.start_local, false
        ) as follows_its_time,
        coalesce(
            min(reads.start_local) over (
                partition by reads.file_id, periods.clock_from
                order by reads.line_number rows between 1 following and unbounded following
            ) <= reads.start_local, false
        ) as precedes_its_time,
        count(*) over (
            partition by reads.file_id, periods.clock_from, reads.start_local
        ) > 2 as is_repeated_again
    from {{ source('raw', 'interval_reads') }} as reads
    inner join {{ ref('stg_file_periods') }} as periods
        on
            reads.file_id = periods.file_id
            and reads.start_local >= periods.period_from
            and reads.start_local < periods.period_to
    where periods.second_offset_minutes is not null
),

passes as (
    select
        file_id,
        line_number,
        follows_its_time
        or (not precedes_its_time and has_rows_after and not has_rows_before) as is_second_pass,
        is_repeated_again
        or (not follows_its_time and not precedes_its_time and has_rows_before = has_rows_after)
            as is_undecided
    from repeated
)

select
    periods.feeder,
    {{ add_minutes(
        'reads.start_local',
        '-case when passes.is_second_pass then periods.second_offset_minutes'
        ~ ' else periods.utc_offset_minutes end'
    ) }} as interval_start_at,
    periods.interval_minutes,
    periods.meter,
    periods.meter_data_row,
    reads.file_id,
    reads.line_number,
    periods.accepted_seq,
    reads.record_no,
    reads.event_type,
    reads.start_local,
    reads.end_local,
    periods.timezone,
    reads.kw_del,
    reads.kw_rec,
    reads.kva_del,
    reads.kva_rec,
    reads.long_values,
    periods.mw_factor,
    periods.total_factor,
    periods.grid_shift_minutes,
    coalesce(passes.is_undecided, false) or coalesce(periods.is_skipped, false)
        as is_ambiguous_time,
    periods.is_contested
from {{ source('raw', 'interval_reads') }} as reads
left join {{ ref('stg_file_periods') }} as periods
    on
        reads.file_id = periods.file_id
        and reads.start_local >= periods.period_from
        and reads.start_local < periods.period_to
left join passes
    on reads.file_id = passes.file_id and reads.line_number = passes.line_number
