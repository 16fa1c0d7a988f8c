-- one row per interval of the series: its start in microseconds, UTC where the file has that, and
-- delivered minus received; the direction that the file has no channel for is 0
create or replace temp table series_rows as
select
    line_number * 100000 + position as line_no,
    epoch_us(start_local) - coalesce(utc_offset_minutes, 0) * 60000000 as start_us,
    utc_offset_minutes is not null as has_offset,
    (
        case when $absent = 'del_raw' then 0 else del_raw end
        - case when $absent = 'rec_raw' then 0 else rec_raw end
    )::double as mw_net
from batch_rows
