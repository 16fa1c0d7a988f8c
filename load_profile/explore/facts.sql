-- one row if anything is published: version, clock, span (ms of UTC) and whether net means gross
select
    (select max(version) from versions) as version,
    clock.timezone,
    epoch_ms(span.first_at) as first_ms,
    epoch_ms(span.until_at) as until_ms,
    clock.interval_minutes,
    coalesce(
        (select mw_net = mw_gross from feeder_profiles where mw_rec > 0 limit 1),
        false
    ) as is_gross
from (select any_value(timezone) as timezone, min(interval_minutes) as interval_minutes from (
    select timezone, interval_minutes from combined_profiles
    union all
    select null, interval_minutes from stg_meter_data
)) as clock
cross join (
    select min(interval_start_at) as first_at,
        max(interval_start_at + to_minutes(interval_minutes)) as until_at
    from (
        select interval_start_at, interval_minutes from combined_profiles
        union all
        select interval_start_at, interval_minutes from feeder_profiles
    )
) as span
where span.first_at is not null
