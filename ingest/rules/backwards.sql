-- Rows that end before they start, unless the clock was put back between the two, once.
with
backward as (
    select *
    from {rows}
    where end_local <= start_local
),

excused as (
    select backward.file_no, backward.feeder, backward.line_number, backward.position
    from backward
    inner join raw.meter_data as meter
        on backward.feeder = lower(meter.feeder) and backward.order_at is null
    inner join raw.clock_days as clock
        on
            meter.timezone = clock.timezone
            and clock.local_date = backward.start_local::date
            and backward.start_local < clock.change_at_local
            and backward.end_local >= clock.change_at_local
            + to_minutes(clock.new_utc_offset_minutes - clock.utc_offset_minutes)
    qualify row_number() over (
        partition by backward.file_no, backward.feeder, clock.change_at_local
        order by backward.line_number, backward.position
    ) = 1
)

select file_no, feeder, line_number, position
from backward
anti join excused using (file_no, feeder, line_number, position)
