-- one row per feeder and day of which nearly all is known: its mean throughput, and what of it was
-- received, in whole watts, so that sums are exact

select
    feeder,
    local_date,
    cast(round(
        1000000 * cast(del_mj + rec_mj as double) / (60 * known_minutes)
    ) as bigint) as watts,
    cast(round(1000000 * cast(rec_mj as double) / (60 * known_minutes)) as bigint)
        as watts_rec
from {{ ref('feeder_days') }}
where known_minutes >= {{ var('full_day_minutes') }}
