-- one row per edge of a bucket of whole days on the clock
select on_clock($first_start_at::timestamp)::date + to_minutes($bucket_minutes * n) as edge
from range($count) as r(n)
order by n
