-- the interval of $names that is in sight around a moment and nearest to a power (MW), as measured
-- or else as estimated; one without a value last
select name, epoch_ms(interval_start_at) as start
from (
    select feeder as name, interval_start_at, actual_seconds as seconds, mw_net as mw
    from feeder_profiles
    union all
    select feeder, interval_start_at, actual_seconds, mw_net from final_exceptions
    union all
    select 'total', interval_start_at, 60 * interval_minutes, coalesce(mw_final, mw_strict)
    from final_totals
)
where
    name in (select unnest($names))
    and interval_start_at + to_seconds(seconds) > make_timestamp_ms($from_ms)
    and interval_start_at < make_timestamp_ms($until_ms)
    and interval_start_at > make_timestamp_ms($from_ms) - interval 2 day
order by abs(mw::double - $mw) nulls last, name, interval_start_at
limit 1
