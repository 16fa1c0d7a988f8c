select string_agg(interval_minutes, ', ' order by interval_minutes)
from (select distinct interval_minutes from stg_meter_data)
having count(*) > 1
