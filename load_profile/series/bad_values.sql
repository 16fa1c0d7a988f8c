-- one row per value that could not be read, with the number of them
select line_no, left(shown_value, 60), count(*) over ()
from series_rows
where is_unreadable
order by line_no
limit $shown
