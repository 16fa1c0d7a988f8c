-- one row per feeder, column of days and slot of the day: the value furthest from 0 (MW)
select
    feeder,
    date_diff('day', $first_day::date, start_local::date) // $days_per_column as place,
    (extract(hour from start_local) * 60 + extract(minute from start_local)) // $slot_minutes
        as slot,
    case when max(mw) >= -min(mw) then max(mw) else min(mw) end as mw
from intervals
group by feeder, place, slot
order by feeder, place, slot
