-- one row per series of the files that are good so far, in the order of acceptance
create or replace temp table arriving as
select
    files.file_no,
    files.arrival,
    series.feeder,
    series.min_start_local,
    series.max_start_local
from (select unnest($numbers) as file_no, unnest(range(len($numbers))) as arrival) as files
inner join batch_series as series on files.file_no = series.file_no;
