-- the data rows, as the rules look at them
create or replace temp view classic_rows as
select
    lines.file_no,
    places.feeder,
    lines.rowid + places.line_offset as line_number,
    0 as position,
    lines.record_no,
    lines.event_type,
    lines.start_local,
    lines.end_local,
    lines.del_raw,
    lines.rec_raw,
    lines.kva_del_raw,
    lines.kva_rec_raw,
    lines.kvar_del_raw,
    lines.kvar_rec_raw,
    lines.long_values,
    lines.serial_no,
    null::smallint as utc_offset_minutes
from classic_lines as lines
inner join classic_places as places on lines.file_no = places.file_no
where not lines.is_blank and lines.bad_cells is null;
