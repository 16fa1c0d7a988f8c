select
    line_number,
    position,
    record_no,
    start_local,
    end_local,
    [del_raw::varchar, rec_raw::varchar, kva_del_raw::varchar, kva_rec_raw::varchar, long_values::varchar]
from batch_rows
where file_no = ? and feeder = ?
order by line_number, position
