-- one row per series of $names and bucket with a known value: its time, lowest and highest (MW)
select
    names.place,
    {bucket} as bucket,
    epoch_ms(min(interval_start_at))::double as start,
    epoch_ms(max(interval_start_at + to_seconds(seconds)))::double as until,
    min(mw)::double as low,
    max(mw)::double as high
from ({values}) as known
inner join (
    select unnest($names) as name, generate_subscripts($names, 1) - 1 as place
) as names using (name)
where
    mw is not null
    and interval_start_at >= make_timestamp_ms($from_ms)
    and interval_start_at < make_timestamp_ms($until_ms)
group by names.place, bucket
order by names.place, start
