-- of the rows of a file that start at one time, all but the first or the last
with
ranked as (
    select
        *,
        row_number() over (
            partition by file_no, feeder, start_local
            order by line_number * asked.direction, position * asked.direction
        ) as occurrence
    from irregular_rows
    inner join (select unnest($numbers) as file_no, unnest($directions) as direction) as asked
        using (file_no)
)

select file_no, line_number, position
from ranked as reads
where occurrence > 1 and (order_at is not null or not {is_repeated})
