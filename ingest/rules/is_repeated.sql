exists (
    select 1
    from raw.meter_data as meter
    inner join raw.clock_days as clock on meter.timezone = clock.timezone
    where reads.feeder = lower(meter.feeder)
        and reads.start_local < clock.change_at_local
        and reads.start_local >= clock.change_at_local
        + to_minutes(clock.new_utc_offset_minutes - clock.utc_offset_minutes)
)
