-- what a version changed, by feeder or `total` and month: select from `changes`
insert into published.version_months
select
    $version,
    feeder,
    month_start_at,
    each_once(cause),
    count(*) filter (is_changed and not was_there),
    count(*) filter (is_changed and was_there and is_there),
    count(*) filter (is_changed and not is_there),
    count(*) filter (old.mw_net is not null and new.mw_net is null),
    min(interval_start_at) filter (is_changed),
    max(interval_start_at) filter (is_changed),
    sum(old.mw_net * old.seconds)::double / 3600,
    sum(new.mw_net * new.seconds)::double / 3600,
    max(old.mw_net) filter (old.can_be_peak)::double,
    max(new.mw_net) filter (new.can_be_peak)::double
from changes
group by feeder, month_start_at
having bool_or(is_changed)
order by feeder, month_start_at
