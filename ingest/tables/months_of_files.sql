-- one row per month: its rows, and the files that they are of
select
    months.local_month,
    sum(months.row_count)::bigint,
    string_agg(
        concat_ws(' ', months.file_id, files.sha256, months.row_count), chr(10)
        order by months.file_id
    )
from raw.file_months as months
left join raw.files as files on months.file_id = files.file_id
group by months.local_month
order by months.local_month
