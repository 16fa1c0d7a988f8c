-- one row per file of this run
select
    '#' || file_id as number,
    file_name as file,
    feeder,
    outcome,
    row_count as rows,
    first_start_local as "first start",
    last_end_local as "last end",
    coalesce(reason, '') || coalesce('; settled by file #' || closed_by, '') as reason
from files
where processed_at >= $started
order by outcome in ('accepted', 'duplicate'), file_id
