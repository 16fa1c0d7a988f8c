-- one row per letter about such a file
select files.file_name, files.letter
from raw.files
where letter is not null and closed_by is null
order by file_id desc
limit $most
