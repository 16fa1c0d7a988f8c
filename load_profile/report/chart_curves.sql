-- one row per feeder, or total, and year: its load-duration curve
select
    feeder,
    year(year_start),
    list(100 * share::double order by share),
    list(mw::double order by share)
from load_duration
where share_of = 'time'
group by feeder, year_start
order by feeder <> 'total', feeder, year_start
