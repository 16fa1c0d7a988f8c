-- files in use, and earlier files of the batch, that share time with an arriving one
create or replace temp table meetings as
select
    arriving.file_no,
    arriving.feeder,
    files.file_id,
    null::integer as other_no,
    files.accepted_seq as seq
from arriving
inner join raw.files as files on arriving.feeder = files.feeder
inner join raw.file_months as months on files.file_id = months.file_id
where files.outcome = 'accepted'
    and files.file_id not in (select release_of from raw.files where outcome = 'withdrawn')
    and months.min_start_local <= arriving.max_start_local
    and months.max_end_local > arriving.min_start_local
group by all
union all
select
    arriving.file_no,
    arriving.feeder,
    null as file_id,
    earlier.file_no as other_no,
    earlier.arrival as seq
from arriving
inner join arriving as earlier
    on
        arriving.feeder = earlier.feeder
        and arriving.arrival > earlier.arrival
        and arriving.min_start_local <= earlier.max_start_local
        and arriving.max_start_local >= earlier.min_start_local;
