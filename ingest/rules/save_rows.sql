insert into raw.interval_reads
select
    accepted.file_id,
    reads.line_number,
    reads.record_no,
    reads.event_type,
    reads.start_local,
    reads.end_local,
    reads.del_raw,
    reads.rec_raw,
    reads.kva_del_raw,
    reads.kva_rec_raw,
    reads.long_values,
    reads.position,
    reads.utc_offset_minutes,
    reads.kvar_del_raw,
    reads.kvar_rec_raw
from batch_rows as reads
inner join (select unnest(?) as file_no, unnest(?) as file_id) as accepted using (file_no)
