select files.file_name, files.duplicate_of, known.file_name
from raw.files as files
inner join raw.files as known on files.duplicate_of = known.file_id
where files.processed_at >= ?
order by files.file_id
