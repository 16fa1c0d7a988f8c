-- one row per file and feeder: what the rules ask first. Those in UTC are added by series_in_utc.
-- A series is regular when its lines follow
-- one another without a hole, all its rows have one length, up to an hour, and each starts where the
-- one before ended: then start - line x length is one number. Its sequence has no fault.
create or replace temp table batch_series as
with
measured as (
    select
        *,
        epoch_us(end_local) - epoch_us(start_local) as length_us,
        case
            when end_local > start_local and end_local <= start_local + interval 1 hour
                then epoch_us(start_local)
                    - line_number * (epoch_us(end_local) - epoch_us(start_local))
        end as origin_us
    from batch_rows
    where utc_offset_minutes is null
)

select
    file_no,
    feeder,
    count(*) as row_count,
    min(start_local) as min_start_local,
    max(start_local) as max_start_local,
    min(line_number) as first_line,
    max(line_number) as last_line,
    null::timestamp as max_end_local,
    false as is_utc,
    count(origin_us) = count(*)
    and min(origin_us) = max(origin_us)
    and min(length_us) = max(length_us)
    and max(line_number) - min(line_number) + 1 = count(*) as is_regular
from measured
group by file_no, feeder;

-- the rows of all other series, for the rules of the sequence
create or replace temp table irregular_rows as
select
    batch_rows.file_no,
    batch_rows.feeder,
    batch_rows.line_number,
    batch_rows.position,
    batch_rows.record_no,
    batch_rows.start_local,
    batch_rows.end_local,
    -- where times are UTC, they are the order; else that is the order of the file
    null::timestamp as order_at
from batch_rows
inner join batch_series using (file_no, feeder)
where not batch_series.is_regular;
