-- one row per rejected file that waits for a decision
select
    '#' || files.file_id as number,
    files.file_name as file,
    files.outcome,
    files.processed_at as "arrived (UTC)",
    files.reason,
    files.stored_as as "now at"
from raw.files
where letter is not null and closed_by is null
order by file_id desc
