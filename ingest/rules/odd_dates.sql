-- one row per file with times before $first or after $latest: the first such row, and how many
select
    reads.file_no,
    min(reads.line_number) as line_number,
    arg_min(reads.record_no, (reads.line_number, reads.position)) as record_no,
    arg_min(reads.start_local, (reads.line_number, reads.position)) as start_local,
    count(*) as row_count
from batch_series as series
inner join batch_rows as reads on series.file_no = reads.file_no and series.feeder = reads.feeder
where (series.min_start_local < $first or series.max_start_local > $latest)
    and (reads.start_local < $first or reads.start_local > $latest)
group by reads.file_no
order by reads.file_no
