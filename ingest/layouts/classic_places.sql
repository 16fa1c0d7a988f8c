-- one row per file with lines: what turns the place of a row into its line
create or replace temp table classic_places as
select
    files.file_no,
    files.feeder,
    files.header_line + 1 - min(lines.rowid) as line_offset,
    count(*) = any_value(files.line_count) as is_whole,
    min(case when lines.bad_cells is not null then lines.rowid end) as first_bad_row
from classic_files as files
inner join classic_lines as lines on files.file_no = lines.file_no
group by files.file_no, files.feeder, files.header_line;
