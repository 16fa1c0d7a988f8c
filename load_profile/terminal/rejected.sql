select
    outcome,
    problem_code,
    closed_by is not null as is_closed,
    file_name,
    reason,
    stored_as,
    closed_by,
    nullif(regexp_extract(letter, 'load-profile release [^\n]*'), '')
from raw.files
where letter is not null and processed_at >= ?
order by min(file_id) over (partition by outcome, problem_code, is_closed), file_id
