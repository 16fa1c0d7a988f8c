-- one row per feeder, or `total`, and month (UTC) that is made from something else than what is
-- published, and what differs beside the files
create or replace temp table dirty_months as
with
months as (
    select feeder, month_start_at, coalesce(old.code <> new.code, false) as is_other_code
    from before.model_parts as old
    full join model_parts as new using (model, feeder, month_start_at)
    where model in ('feeder_profiles', 'combined_profiles')
        and (old.stamp, old.code) is distinct from (new.stamp, new.code)
),

meters as (
    select *, true as is_before from before.stg_meter_data
    union all by name
    select *, false as is_before from stg_meter_data
),

-- feeders whose meter-data rows for the month changed
edited as (
    select distinct feeder, month_start_at
    from (
        select months.feeder, months.month_start_at
        from months
        inner join meters using (feeder)
        where coalesce(meters.valid_from_at < months.month_start_at + interval 1 month, true)
            and coalesce(meters.valid_to_at > months.month_start_at, true)
        group by
            months.feeder, months.month_start_at, meters.meter, meters.mw_factor,
            meters.channel_unit, meters.interval_minutes, meters.timezone, meters.total_factor,
            greatest(meters.valid_from_at, months.month_start_at),
            least(meters.valid_to_at, months.month_start_at + interval 1 month)
        having count(*) filter (meters.is_before) <> count(*) filter (not meters.is_before)
    )
),

moved_days as (
    select timezone, local_date
    from before.clock_days as old
    inner join raw.clock_days as new using (timezone, local_date)
    where (old.utc_offset_minutes, old.change_at_local, old.new_utc_offset_minutes)
        is distinct from (new.utc_offset_minutes, new.change_at_local, new.new_utc_offset_minutes)
),

moved as (
    select distinct months.feeder, months.month_start_at
    from months
    inner join stg_meter_data as meters using (feeder)
    inner join moved_days using (timezone)
    where moved_days.local_date between months.month_start_at - interval 1 day
        and months.month_start_at + interval 1 month
)

select
    months.feeder,
    months.month_start_at,
    list_filter(
        [
            case when edited.feeder is not null then 'meter-data.csv' end,
            case when months.is_other_code then 'models or variables' end,
            case when moved.feeder is not null then 'time-zone data' end
        ],
        lambda cause: cause is not null
    ) as causes
from months
left join edited using (feeder, month_start_at)
left join moved using (feeder, month_start_at)
