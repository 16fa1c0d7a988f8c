-- one row per edge of a bucket
select on_clock($first_start_at::timestamp + to_minutes($bucket_minutes * n)) as edge
from range($count) as r(n)
order by n
