-- what a version changed, interval by interval, up to a number; what is new is counted only
insert into published.version_intervals
select
    $version,
    feeder,
    interval_start_at,
    cause,
    old.mw_net::double,
    new.mw_net::double,
    old.mva_net::double,
    new.mva_net::double,
    old.file_id,
    new.file_id,
    old.mvar_net::double,
    new.mvar_net::double
from changes
where is_listed(is_changed, cause, feeder, was_there)
order by feeder = 'total', feeder, interval_start_at
limit $most
