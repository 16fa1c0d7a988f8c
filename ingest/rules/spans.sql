-- one row per file: how many rows it has, when the first one starts and the last one ends
select
    rows_at_ends.file_no,
    any_value(files.row_count)::bigint,
    arg_min(rows_at_ends.start_local, (rows_at_ends.line_number, rows_at_ends.position)),
    arg_max(rows_at_ends.end_local, (rows_at_ends.line_number, rows_at_ends.position))
from batch_rows as rows_at_ends
inner join (
    select
        file_no,
        sum(row_count) as row_count,
        min(first_line) as first_line,
        max(last_line) as last_line
    from batch_series
    where not is_utc
    group by file_no
) as files
    on
        rows_at_ends.file_no = files.file_no
        and rows_at_ends.line_number in (files.first_line, files.last_line)
group by rows_at_ends.file_no
union all
select
    file_no,
    sum(row_count)::bigint,
    min(min_start_local),
    max(max_end_local)
from batch_series
where is_utc
group by file_no
