-- one row per start time that could not be read, with the number of them
select line_no, left(time_text, 60), count(*) over ()
from series_rows
where start_us is null
order by line_no
limit $shown
