insert into raw.interval_reads
select
    accepted.file_id,
    reads.line_number,
    reads.record_no,
    reads.event_type,
    reads.start_local,
    reads.end_local,
    reads.kw_del,
    reads.kw_rec,
    reads.kva_del,
    reads.kva_rec,
    reads.long_values
from batch_rows as reads
inner join (select unnest(?) as file_no, unnest(?) as file_id) as accepted using (file_no)
