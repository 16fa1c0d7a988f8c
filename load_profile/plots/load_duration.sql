-- one row per feeder of $feeders, year and point of its curve
select
    feeder,
    extract(year from year_start) as year,
    share_of,
    share::double as share,
    mw::double as mw,
    hours::double as hours
from load_duration
where feeder in (select unnest($feeders))
order by feeder, year, share_of, share
