-- The series whose times are known in UTC: their order is that of time, wherever rows are in the
-- file. Regular are those whose times, one after the other, leave no hole and repeat none.
create or replace temp table utc_rows as
select
    file_no,
    feeder,
    line_number,
    position,
    record_no,
    start_local,
    end_local,
    start_local - to_minutes(utc_offset_minutes::bigint) as start_at,
    end_local - to_minutes(utc_offset_minutes::bigint) as end_at
from batch_rows
where utc_offset_minutes is not null;

insert into batch_series by name
select
    file_no,
    feeder,
    count(*) as row_count,
    min(start_local) as min_start_local,
    max(start_local) as max_start_local,
    min(line_number) as first_line,
    max(line_number) as last_line,
    max(end_local) as max_end_local,
    true as is_utc,
    min(end_at - start_at) = max(end_at - start_at)
    and min(end_at) > min(start_at)
    and count(distinct start_at) = count(*)
    and epoch_us(max(end_at)) - epoch_us(min(start_at))
    = count(*) * (epoch_us(min(end_at)) - epoch_us(min(start_at))) as is_regular
from utc_rows
group by file_no, feeder;

-- as the rules compare them: their times in UTC
insert into irregular_rows by name
select
    utc_rows.file_no,
    utc_rows.feeder,
    utc_rows.line_number,
    utc_rows.position,
    utc_rows.record_no,
    utc_rows.start_at as start_local,
    utc_rows.end_at as end_local,
    utc_rows.start_at as order_at
from utc_rows
inner join batch_series using (file_no, feeder)
where batch_series.is_utc and not batch_series.is_regular;
