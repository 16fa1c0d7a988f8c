-- one row per data row of an accepted file, on the UTC clock, with the meter-data row that applies

-- tables stand in the joins themselves: a CTE named twice would be made in full before any filter
with

-- a row of a repeated hour that does not come after the row before it begins another pass
passed as (
    select
        reads.file_id,
        reads.line_number,
        reads.start_local,
        periods.clock_from,
        periods.clock_to,
        periods.has_rows_before,
        periods.has_rows_after,
        reads.start_local <= lag(reads.start_local) over in_file as is_turn,
        -- the row before it ends the hour, on the clock before the change or after it
        lag(reads.end_local) over in_file >= periods.clock_to
        or lag(reads.end_local) over in_file <= lag(reads.start_local) over in_file
            as is_hour_passed
    from {{ source('raw', 'interval_reads') }} as reads
    inner join {{ ref('stg_file_periods') }} as periods
        on
            reads.file_id = periods.file_id
            and reads.start_local >= periods.period_from
            and reads.start_local < periods.period_to
    where periods.second_offset_minutes is not null
    window in_file as (
        partition by reads.file_id, periods.clock_from order by reads.line_number
    )
),

-- order of records tells the first pass of a repeated hour (daylight time) from the second; but
-- rows that are doubled or interleaved are no two passes
repeated as (
    select
        file_id,
        line_number,
        has_rows_before,
        has_rows_after,
        coalesce(
            max(start_local) over (
                partition by file_id, clock_from
                order by line_number rows between unbounded preceding and 1 preceding
            ) >= start_local, false
        ) as follows_its_time,
        coalesce(
            min(start_local) over (
                partition by file_id, clock_from
                order by line_number rows between 1 following and unbounded following
            ) <= start_local, false
        ) as precedes_its_time,
        sum(case when is_turn and is_hour_passed then 1 when is_turn then 2 else 0 end) over (
            partition by file_id, clock_from
        ) > 1 as is_out_of_order
    from passed
),

passes as (
    select
        file_id,
        line_number,
        follows_its_time
        or (not precedes_its_time and has_rows_after and not has_rows_before) as is_second_pass,
        is_out_of_order
        or (not follows_its_time and not precedes_its_time and has_rows_before = has_rows_after)
            as is_undecided
    from repeated
),

placed as (
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
        periods.is_contested,
        periods.is_energy,
        periods.change_at,
        periods.change_minutes * 60 as change_seconds,
        periods.interval_minutes * 60 as meter_seconds,
        {{ seconds_between('reads.start_local', 'reads.end_local') }} as label_seconds,
        events.code as reading_quality,
        events.handling as event_handling
    from {{ source('raw', 'interval_reads') }} as reads
    left join {{ ref('stg_file_periods') }} as periods
        on
            reads.file_id = periods.file_id
            and reads.start_local >= periods.period_from
            and reads.start_local < periods.period_to
    left join passes
        on reads.file_id = passes.file_id and reads.line_number = passes.line_number
    -- nearly every reading has the same word, which need not be taken apart millions of times
    left join {{ ref('event_types') }} as events
        on
            case
                when reads.event_type = 'Normal' then 'normal'
                else replace(lower(reads.event_type), ' ', '')
            end = replace(lower(events.word), ' ', '')
),

-- a row's true length: labels are off by the change of a clock where it lies in or ends the row
timed as (
    select
        *,
        case
            when label_seconds = meter_seconds then label_seconds
            when
                interval_start_at < change_at
                and change_seconds > 0
                and label_seconds > change_seconds
                and {{ add_seconds('interval_start_at', 'label_seconds') }} > change_at
                then label_seconds - change_seconds
            when
                interval_start_at < change_at
                and {{ add_seconds('interval_start_at', 'meter_seconds') }} >= change_at
                and label_seconds - change_seconds = meter_seconds
                then meter_seconds
            when label_seconds <= 0 then greatest(label_seconds - coalesce(change_seconds, 0), 0)
            else label_seconds
        end as actual_seconds
    from placed
)

select
    feeder,
    interval_start_at,
    interval_minutes,
    meter,
    meter_data_row,
    file_id,
    line_number,
    accepted_seq,
    record_no,
    event_type,
    start_local,
    end_local,
    timezone,
    kw_del,
    kw_rec,
    kva_del,
    kva_rec,
    long_values,
    mw_factor,
    total_factor,
    grid_shift_minutes,
    is_ambiguous_time,
    is_contested,
    actual_seconds,
    reading_quality,
    event_handling,
    is_energy and actual_seconds <> meter_seconds as is_spread,
    coalesce(event_handling in ('test', 'skipped'), false) as is_no_load,
    kw_del is null or kw_rec is null or coalesce(event_handling = 'skipped', false) as is_unknown
from timed
