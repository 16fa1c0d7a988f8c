-- of the intervals that an arriving file has once: its row, and the row that counts now
create or replace temp table compared_values as
with
meeting as (
    select *
    from meetings
    where file_no in (select unnest($numbers))
        and (other_no is null or other_no not in (select unnest($refused)))
),

news as (
    select
        file_no,
        feeder,
        start_local,
        end_local,
        coalesce(
            long_values,
            [del_raw, rec_raw, kva_del_raw, kva_rec_raw, kvar_del_raw, kvar_rec_raw]
        ) as new_values
    from batch_rows
    where file_no in (select file_no from meeting)
    qualify count(*) over (partition by file_no, feeder, start_local) = 1
),

olds as (
    select
        meeting.file_no, meeting.feeder, meeting.file_id, meeting.other_no, 0 as arrival,
        meeting.seq, reads.line_number, reads.position, reads.start_local, reads.end_local,
        reads.del_raw, reads.rec_raw, reads.kva_del_raw, reads.kva_rec_raw, reads.kvar_del_raw,
        reads.kvar_rec_raw, reads.long_values
    from meeting
    inner join raw.interval_reads as reads on meeting.file_id = reads.file_id
    where reads.start_local >= (select min(min_start_local) from arriving)
        and reads.start_local <= (select max(max_start_local) from arriving)
    union all
    select
        meeting.file_no, meeting.feeder, null, meeting.other_no, 1, meeting.seq,
        reads.line_number, reads.position, reads.start_local, reads.end_local,
        reads.del_raw, reads.rec_raw, reads.kva_del_raw, reads.kva_rec_raw, reads.kvar_del_raw,
        reads.kvar_rec_raw, reads.long_values
    from meeting
    inner join batch_rows as reads
        on meeting.other_no = reads.file_no and meeting.feeder = reads.feeder
)

select
    news.file_no,
    news.start_local,
    olds.file_id,
    olds.other_no,
    news.new_values,
    -- a warehouse of before has four in long_values
    list_resize(coalesce(
        olds.long_values,
        [
            olds.del_raw, olds.rec_raw, olds.kva_del_raw, olds.kva_rec_raw,
            olds.kvar_del_raw, olds.kvar_rec_raw,
        ]
    ), 6) as old_values
from news
inner join olds
    on
        news.file_no = olds.file_no
        and news.feeder = olds.feeder
        and news.start_local = olds.start_local
        and news.end_local = olds.end_local
qualify row_number() over (
    partition by news.file_no, news.feeder, news.start_local
    order by
        olds.del_raw is null or olds.rec_raw is null, olds.arrival desc, olds.seq desc,
        olds.line_number desc, olds.position desc
) = 1
