-- The intervals that a file has more than once. In the hour that a clock repeats, twice is as it
-- should be.
with
doubled as (
    select
        start_local,
        utc_offset_minutes,
        count(*) as row_count,
        count(distinct (
            del_raw, rec_raw, kva_del_raw, kva_rec_raw, kvar_del_raw, kvar_rec_raw
        )) > 1 as is_different,
        arg_max(del_raw is null or rec_raw is null, (line_number, position))
        and not bool_and(del_raw is null or rec_raw is null) as is_earlier
    from raw.interval_reads
    where file_id = $file_id
    group by start_local, utc_offset_minutes
    having count(*) > 1
)

select start_local, is_different, is_earlier
from doubled
where row_count > 2 or utc_offset_minutes is not null or not exists (
    from raw.files as files
    inner join raw.meter_data as meter on files.feeder = lower(meter.feeder)
    inner join raw.clock_days as clock on meter.timezone = clock.timezone
    where files.file_id = $file_id
        and doubled.start_local < clock.change_at_local
        and doubled.start_local >= clock.change_at_local
        + to_minutes(clock.new_utc_offset_minutes - clock.utc_offset_minutes)
)
order by start_local
