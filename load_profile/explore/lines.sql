-- one line of CSV per interval of $name that is in sight: what counts in the end, and its status
select concat(
    {name}, ',',
    strftime(interval_start_at, '%Y-%m-%dT%H:%M:%SZ'), ',',
    strftime(timezone($zone, timezone('UTC', interval_start_at)), '%Y-%m-%d %H:%M:%S'), ',',
    interval_minutes, ',',
    {mw}, ',',
    status
)
from ({profiles})
where
    interval_start_at >= make_timestamp_ms($from_ms)
    and interval_start_at < make_timestamp_ms($until_ms)
order by interval_start_at
