-- rows that are word for word another row before them in their file; the hour that a clock repeats
-- has its rows twice
with
doubled as (
    select file_no, feeder, line_number, position
    from irregular_rows
    qualify count(*) over (partition by file_no, feeder, start_local, end_local) > 1
),

counted as (
    select
        file_no,
        feeder,
        line_number,
        position,
        start_local,
        utc_offset_minutes,
        row_number() over (
            partition by
                file_no, feeder, record_no, event_type, start_local, end_local,
                del_raw, rec_raw, kva_del_raw, kva_rec_raw, kvar_del_raw, kvar_rec_raw,
                long_values, serial_no, utc_offset_minutes
            order by line_number, position
        ) as occurrence
    from batch_rows
    inner join doubled using (file_no, feeder, line_number, position)
)

select file_no, line_number, position
from counted as reads
where occurrence > 1 and (utc_offset_minutes is not null or not {is_repeated})
