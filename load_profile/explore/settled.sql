-- one row per series of $names and bucket with edited or estimated values: mean and band (MW)
select
    names.place,
    status,
    epoch_ms(min(interval_start_at))::double as start,
    epoch_ms(max(interval_start_at + to_seconds(seconds)))::double as until,
    min(coalesce(low, mw))::double as low,
    avg(mw::double) as middle,
    max(coalesce(high, mw))::double as high
from (
    select
        feeder as name, interval_start_at, actual_seconds as seconds, start_local, timezone,
        status, mw_net as mw, mw_net_low as low, mw_net_high as high
    from final_exceptions
    where status in ('E', 'S')
    union all
    select
        'total', interval_start_at, 60 * interval_minutes, start_local, timezone,
        case quality when 'edited' then 'E' else 'S' end, mw_final, mw_final_low, mw_final_high
    from final_totals
    where quality in ('edited', 'estimated')
)
inner join (
    select unnest($names) as name, generate_subscripts($names, 1) - 1 as place
) as names using (name)
where
    mw is not null
    and interval_start_at >= make_timestamp_ms($from_ms)
    and interval_start_at < make_timestamp_ms($until_ms)
group by names.place, status, {bucket}
order by names.place, status, start
