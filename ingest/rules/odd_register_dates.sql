-- one row per file with reads before $first or after $latest: the first such row, and how many
select file_no, min(line_number), min_by(read_at_local, line_number), count(*)
from register_rows
where read_at_local < $first or read_at_local > $latest
group by file_no
order by file_no
