-- one row per interval of a feeder, or of the total, on its grid; what does not count is unknown
create or replace temp table interval_values as
with

placed as (
    select
        *,
        interval_start_at as start_utc,
        interval_start_at + to_minutes($standard_minutes) as start_standard
    from ({profiles})
    where
        interval_start_at >= $from_utc
        and interval_start_at + to_minutes(interval_minutes) <= $until_utc
),

-- pieces of an interval, and readings beside the grid, are not values of an interval
on_grid as (
    select
        *,
        {counts} and mw_net is not null and actual_seconds = 60 * interval_minutes as is_known
    from placed
    where epoch(start_standard)::bigint % (60 * interval_minutes) = 0
)

select
    start_utc,
    start_standard,
    interval_minutes,
    {values},
    case when is_known then status else 'M' end as status,
    case when is_known then method end as method
from on_grid
order by start_utc
