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
        {{ seconds_between('reads.start_local', 'reads.end_local') }} between 1 and 120
        and {{ seconds_between('reads.start_local', 'reads.end_local') }}
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
),

placed as (
    select
        periods.feeder,
        {{ add_minutes(
            'reads.start_local',
            '-case when passes.is_second_pass then periods.second_offset_minutes'
            ~ ' else periods.utc_offset_minutes end'
        ) }} as label_start_at,
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
        periods.valid_from_at,
        periods.valid_to_at,
        befores.at_local is not null or afters.at_local is not null as meets_sliver,
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
),

-- a row's true length: labels are off by the change of a clock where it lies in or ends the row
timed as (
    select
        *,
        case
            when label_seconds = meter_seconds then label_seconds
            when
                label_start_at < change_at
                and change_seconds > 0
                and label_seconds > change_seconds
                and {{ add_seconds('label_start_at', 'label_seconds') }} > change_at
                then label_seconds - change_seconds
            when
                label_start_at < change_at
                and {{ add_seconds('label_start_at', 'meter_seconds') }} >= change_at
                and label_seconds - change_seconds = meter_seconds
                then meter_seconds
            when label_seconds <= 0 then greatest(label_seconds - coalesce(change_seconds, 0), 0)
            else label_seconds
        end as label_length,
        mod(
            {{ seconds_between("timestamp '1970-01-01'", 'label_start_at') }}
            - grid_shift_minutes * 60, meter_seconds
        ) as grid_seconds
    from placed
),

-- how far its start is from the nearest interval's: later than that, or earlier (below 0)
offset_known as (
    select
        *,
        case
            when grid_seconds * 2 > meter_seconds then grid_seconds - meter_seconds
            else grid_seconds
        end as offset_seconds,
        label_length <> meter_seconds or grid_seconds <> 0 as is_odd
    from timed
),

-- up to a minute is jitter of the clock: a row whose start and end, or start and length, are no
-- further from its interval's belongs to that interval, as a whole
judged as (
    select
        *,
        case
            when not is_odd then false
            else coalesce(
                abs(offset_seconds) <= {{ offset_jitter('interval_minutes') }}
                and (
                    abs(label_length - meter_seconds) <= {{ length_jitter('interval_minutes') }}
                    or (
                        abs(offset_seconds + label_length - meter_seconds)
                        <= {{ offset_jitter('interval_minutes') }}
                        and abs(label_length - meter_seconds)
                        <= {{ length_jitter('interval_minutes', 120) }}
                    )
                )
                and not meets_sliver
                and {{ add_seconds('label_start_at', '-offset_seconds') }}
                >= coalesce(valid_from_at, label_start_at - interval 1 day)
                and {{ add_seconds('label_start_at', '-offset_seconds') }}
                < coalesce(valid_to_at, label_start_at + interval 1 day), false
            )
        end as is_jitter
    from offset_known
),

settled as (
    select
        *,
        case
            when is_jitter then {{ add_seconds('label_start_at', '-offset_seconds') }}
            else label_start_at
        end as interval_start_at,
        case when is_jitter then meter_seconds else label_length end as actual_seconds,
        case when is_jitter then offset_seconds else 0 end as clock_offset_seconds
    from judged
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
    -- a piece and a row that belongs to its interval as a whole may meet
    is_contested or coalesce(is_odd, false) as is_contested,
    actual_seconds,
    clock_offset_seconds,
    grid_seconds <> 0 and not is_jitter as is_off_time_grid,
    reading_quality,
    event_handling,
    is_energy and actual_seconds <> meter_seconds as is_spread,
    coalesce(event_handling in ('test', 'skipped'), false) as is_no_load,
    kw_del is null or kw_rec is null or coalesce(event_handling = 'skipped', false)
    or {{ is_out_of_range() }} as is_unknown,
    {{ is_out_of_range() }} as is_out_of_range
from settled
