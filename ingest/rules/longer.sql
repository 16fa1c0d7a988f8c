-- Rows that are longer than the others of their series by what clocks are put forward, though their
-- own clock is not put then. Which of them are at the change of another zone's clock, Python finds.
with
longer as (
    select *
    from irregular_rows
    where order_at is null
        and end_local > start_local + interval 30 minutes
        and end_local - start_local in (
            select to_minutes(meter.interval_minutes + clock.minutes)
            from raw.meter_data as meter
            cross join (select unnest([30, 60]) as minutes) as clock
            where irregular_rows.feeder = lower(meter.feeder)
        )
),

usual as (
    select file_no, feeder, mode(end_local - start_local) as step
    from irregular_rows
    where (file_no, feeder) in (select (file_no, feeder) from longer)
    group by file_no, feeder
)

select file_no, feeder, line_number, position, start_local, end_local, step
from longer
inner join usual using (file_no, feeder)
where not exists (
    select 1
    from raw.meter_data as meter
    inner join raw.clock_days as clock on meter.timezone = clock.timezone
    where longer.feeder = lower(meter.feeder)
        and clock.change_at_local > longer.start_local
        and clock.change_at_local < longer.end_local
)
