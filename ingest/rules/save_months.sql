-- A row in which the clock is put back ends before it starts; the time of its file covers it too.
insert into raw.file_months
select
    accepted.file_id,
    date_trunc('month', reads.start_local)::date as local_month,
    count(*),
    min(reads.start_local),
    max(greatest(reads.end_local, reads.start_local + interval 1 minute))
from batch_rows as reads
inner join (select unnest(?) as file_no, unnest(?) as file_id) as accepted using (file_no)
group by accepted.file_id, local_month
order by accepted.file_id, local_month
