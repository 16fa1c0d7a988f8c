-- nearly every overlap repeats a value, and such a file need not be looked at row by row
select file_no
from compared_values
group by file_no
having count(*) >= $fewest
    and not bool_or(coalesce(new_values[1] = old_values[1] and new_values[1] <> 0, false))
    and not bool_or(coalesce(new_values[2] = old_values[2] and new_values[2] <> 0, false))
order by file_no
