-- for a warehouse made before there was raw.file_months
insert into raw.file_months
select
    file_id, date_trunc('month', start_local)::date as local_month,
    count(*), min(start_local), max(greatest(end_local, start_local + interval 1 minute))
from raw.interval_reads
group by file_id, local_month
order by file_id, local_month
