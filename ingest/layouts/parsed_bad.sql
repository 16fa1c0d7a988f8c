-- the first value of each part that is not a number
select
    file_no,
    min(place) // 1048576 as line_number,
    arg_min(text, place)
from parsed_cells
where text is not null and value is null
group by file_no
