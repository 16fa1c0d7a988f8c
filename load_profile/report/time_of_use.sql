-- one row per season, day type and bin of the total
select
    season,
    day_type as "day type",
    bin,
    sum(net_mj) / 3600 as "net (MWh)",
    sum(del_mj) / 3600 as "delivered (MWh)",
    sum(rec_mj) / 3600 as "received (MWh)",
    max(peak_mw) as "peak (MW)"
from time_of_use
where feeder = 'total'
group by season, day_type, bin
order by season, day_type, bin
