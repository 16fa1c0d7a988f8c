-- the rows of a series in its order, with its times as the rules compare them
select
    reads.line_number,
    reads.position,
    reads.record_no,
    coalesce(reads.start_local - to_minutes(reads.utc_offset_minutes::bigint), reads.start_local)
        as start_at,
    coalesce(reads.end_local - to_minutes(reads.utc_offset_minutes::bigint), reads.end_local),
    [
        reads.del_raw::varchar,
        reads.rec_raw::varchar,
        reads.kva_del_raw::varchar,
        reads.kva_rec_raw::varchar,
        reads.kvar_del_raw::varchar,
        reads.kvar_rec_raw::varchar,
        reads.long_values::varchar
    ]
from batch_rows as reads
where reads.file_no = ? and reads.feeder = ?
order by
    case when reads.utc_offset_minutes is not null then start_at end,
    reads.line_number,
    reads.position
