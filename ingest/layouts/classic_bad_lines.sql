-- the first line of each file that is no data row
select
    lines.file_no,
    lines.rowid + places.line_offset as line_number,
    lines.bad_cells,
    lines.record_no,
    lines.start_local,
    lines.end_local,
    lines.del_raw,
    lines.rec_raw,
    lines.kva_del_raw,
    lines.kva_rec_raw,
    lines.kvar_del_raw,
    lines.kvar_rec_raw
from classic_lines as lines
inner join classic_places as places on lines.rowid = places.first_bad_row
