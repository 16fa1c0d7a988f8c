-- the zone of a feeder's meter at a time, or at any other if it has none then
select timezone
from raw.meter_data
where lower(feeder) = $feeder
order by
    $at >= coalesce(valid_from, '-infinity'::timestamp)
    and $at < coalesce(valid_to, 'infinity'::timestamp) desc,
    meter_data_row
limit 1
