-- the first line of each file that is no data row
select
    lines.file_no,
    lines.rowid + places.line_offset as line_number,
    lines.bad_cells,
    lines.record_no,
    lines.start_local,
    lines.end_local,
    lines.kw_del,
    lines.kw_rec,
    lines.kva_del,
    lines.kva_rec
from classic_lines as lines
inner join classic_places as places on lines.rowid = places.first_bad_row
