select
    line_number,
    position,
    record_no,
    start_local,
    end_local,
    [kw_del::varchar, kw_rec::varchar, kva_del::varchar, kva_rec::varchar, long_values::varchar]
from batch_rows
where file_no = ? and feeder = ?
order by line_number, position
