-- one row per interval of the total (MW)
select 'total' as feeder, start_local, mw_total::double as mw
from combined_profiles
