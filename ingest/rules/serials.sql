-- the serial numbers in the rows of files, each with its first line
select file_no, min(line_number) as line_number, serial_no
from batch_rows
where trim(serial_no) <> ''
group by file_no, serial_no
order by file_no, line_number, serial_no
