-- one row per data row of an accepted file, on the UTC clock, with the meter-data row that applies

with

-- a row's true length: labels are off by the change of a clock where it lies in or ends the row
timed as (
    select
        *,
        case
            when label_seconds = meter_seconds or is_offset_known then label_seconds
            when
                label_start_at < change_at
                and change_seconds > 0
                and label_seconds > change_seconds
                and {{ dbt.dateadd('second', 'label_seconds', 'label_start_at') }} > change_at
                then label_seconds - change_seconds
            when
                label_start_at < change_at
                and {{ dbt.dateadd('second', 'meter_seconds', 'label_start_at') }} >= change_at
                and label_seconds - change_seconds = meter_seconds
                then meter_seconds
            when label_seconds <= 0 then greatest(label_seconds - coalesce(change_seconds, 0), 0)
            else label_seconds
        end as label_length,
        mod(
            {{ dbt.datediff("timestamp '1970-01-01'", 'label_start_at', 'second') }}
            - grid_shift_minutes * 60, meter_seconds
        ) as grid_seconds
    from {{ ref('stg_placed_reads') }}
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
                and {{ dbt.dateadd('second', '-offset_seconds', 'label_start_at') }}
                >= coalesce(valid_from_at, label_start_at - interval 1 day)
                and {{ dbt.dateadd('second', '-offset_seconds', 'label_start_at') }}
                < coalesce(valid_to_at, label_start_at + interval 1 day), false
            )
        end as is_jitter
    from offset_known
),

settled as (
    select
        *,
        case
            when is_jitter then {{ dbt.dateadd('second', '-offset_seconds', 'label_start_at') }}
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
    position,
    accepted_seq,
    record_no,
    event_type,
    start_local,
    end_local,
    timezone,
    del_raw,
    rec_raw,
    kva_del_raw,
    kva_rec_raw,
    kvar_del_raw,
    kvar_rec_raw,
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
    del_raw is null or rec_raw is null or coalesce(event_handling = 'skipped', false)
    or {{ is_out_of_range() }} as is_unknown,
    {{ is_out_of_range() }} as is_out_of_range
from settled
