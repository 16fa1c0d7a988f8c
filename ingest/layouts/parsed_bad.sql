-- the first value of each part that is not a number, or cannot be converted exactly
select
    file_no,
    min(place) // 1048576 as line_number,
    arg_min(text, place) as text,
    arg_min(channel, place) as channel,
    -- 0 = not a number
    arg_min(case when read_value is not null then seconds else 0 end, place) as seconds
from parsed_cells
where text is not null and value is null
group by file_no
