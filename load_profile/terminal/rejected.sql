select file_name, outcome, reason, stored_as, closed_by,
    nullif(regexp_extract(letter, 'load-profile release [^\n]*'), '')
from raw.files
where letter is not null and processed_at >= ?
order by file_id
