-- one row per day: its season and type
select distinct local_date, season, day_type
from time_of_use
order by local_date
