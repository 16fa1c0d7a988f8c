select
    outcome,
    count(*) filter (where processed_at >= ?),
    count(*),
    count(*) filter (where letter is not null and closed_by is null)
from raw.files
group by outcome
order by outcome
