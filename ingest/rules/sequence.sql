-- Neighbouring rows of a series whose times do not meet. A clock that was set by a few seconds moves
-- a joint; up to a minute, and less than a quarter of the row, is jitter. The clock table excuses
-- the two joints a daylight-saving change makes: the clock jumps between one row's end and the next
-- row's start, and a clock that is a little off does so in the interval that the change begins.
-- It does so once: a file that goes back to the same hour again repeats itself.
with
rows_in_order as (
    select
        *,
        lag(start_local) over in_order as previous_start,
        lag(end_local) over in_order as previous_end
    from {rows}
    window in_order as (
        partition by file_no, feeder
        order by order_at, line_number, position
    )
),

broken as (
    select *
    from rows_in_order
    where start_local <> previous_end
        and not (
            start_local > previous_start
            and abs(epoch(start_local - previous_end)) <= 60
            and abs(epoch(start_local - previous_end)) * 4 < epoch(end_local - start_local)
        )
),

excused as (
    select broken.file_no, broken.feeder, broken.line_number, broken.position
    from broken
    inner join raw.meter_data as meter
        on
            broken.feeder = lower(meter.feeder)
            and broken.order_at is null
            and broken.start_local >= coalesce(meter.valid_from, '-infinity'::timestamp)
            and broken.start_local < coalesce(meter.valid_to, 'infinity'::timestamp)
    inner join raw.clock_days as clock
        on
            meter.timezone = clock.timezone
            and broken.previous_end
            > clock.change_at_local - to_seconds(least(60, meter.interval_minutes * 15))
            and broken.previous_end
            < clock.change_at_local + to_minutes(meter.interval_minutes)
            and abs(epoch(
                broken.start_local - broken.previous_end
                - to_minutes(clock.new_utc_offset_minutes - clock.utc_offset_minutes)
            )) < least(61, meter.interval_minutes * 15)
    qualify row_number() over (
        partition by broken.file_no, broken.feeder, clock.change_at_local
        order by broken.line_number, broken.position
    ) = 1
)

select file_no, feeder, line_number, position
from broken
anti join excused using (file_no, feeder, line_number, position)
