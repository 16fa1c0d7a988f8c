-- one row per file with slips: how many, the first one's place and times, where and to which side
-- they lie
select
    file_no,
    count(*) as row_count,
    count(*) filter (is_slip) as slip_count,
    min(line_number) filter (is_slip) as line_number,
    arg_min(record_no, (line_number, position)) filter (is_slip) as record_no,
    arg_min([found_start, found_end, start_local, end_local], (line_number, position))
    filter (is_slip) as times,
    list_sort(list(distinct start_local::time = '00:00:00') filter (is_slip)) as starts_at_midnight,
    list_sort(
        list(distinct least(found_start - start_local, found_end - end_local) < '0s'::interval)
        filter (is_slip)
    ) as is_earlier
from mended_rows
group by file_no
having bool_or(is_slip)
