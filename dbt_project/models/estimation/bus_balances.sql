-- one row per feeder and interval, of gaps and of trials, in which the bank and all other feeders
-- are actual: the net power that these leave for it

with

-- feeders out of the total (total_factor 0) together measure what the total is
members as (
    select
        feeder,
        month_start_at,
        first_start_at,
        until_at,
        total_factor = 0 as is_outside,
        case when total_factor = 0 then cast(-1 as decimal(9, 6)) else total_factor end as weight
    from {{ ref('expected_periods') }}
),

banks as (
    select distinct month_start_at from members
    where is_outside
),

wanted as (
    select
        wanted.feeder,
        wanted.interval_start_at,
        wanted.interval_minutes
    from (
        select distinct
            feeder,
            interval_start_at,
            interval_minutes
        from {{ ref('estimation_trials') }}
        where channel in ('mw_del', 'mw_rec')
        union
        select distinct
            feeder,
            interval_start_at,
            interval_minutes
        from {{ ref('unusable_values') }}
        where channel in ('mw_del', 'mw_rec')
    ) as wanted
    inner join banks on date_trunc('month', wanted.interval_start_at) = banks.month_start_at
),

times as (
    select distinct
        interval_start_at,
        interval_minutes
    from wanted
),

expected as (
    select
        times.interval_start_at,
        times.interval_minutes,
        members.feeder,
        members.is_outside,
        members.weight
    from times
    inner join members
        on
            date_trunc('month', times.interval_start_at) = members.month_start_at
            and times.interval_start_at >= members.first_start_at
            and times.interval_start_at < members.until_at
),

-- as measured: neither failed nor edited
actuals as (
    select
        times.interval_start_at,
        times.interval_minutes,
        profiles.feeder,
        cast(coalesce(profiles.mw_del, 0) - coalesce(profiles.mw_rec, 0) as decimal(28, 18)) as mw
    from times
    inner join {{ ref('feeder_profiles') }} as profiles
        on
            times.interval_start_at = profiles.interval_start_at
            and times.interval_minutes = profiles.interval_minutes
    anti join {{ ref('unusable_values') }} as unusable
        on
            profiles.feeder = unusable.feeder
            and profiles.interval_start_at = unusable.interval_start_at
            and unusable.channel in ('mw_del', 'mw_rec')
    anti join {{ ref('edited_values') }} as edited
        on
            profiles.feeder = edited.feeder
            and profiles.interval_start_at = edited.interval_start_at
            and edited.channel in ('mw_del', 'mw_rec')
    where profiles.can_be_peak and profiles.mw_net is not null
),

weighed as (
    select
        expected.*,
        actuals.feeder is not null as is_actual,
        coalesce({{ weighted('actuals.mw', 'expected.weight') }}, 0) as mw
    from expected
    left join actuals
        on
            expected.feeder = actuals.feeder
            and expected.interval_start_at = actuals.interval_start_at
            and expected.interval_minutes = actuals.interval_minutes
),

sums as (
    select
        interval_start_at,
        interval_minutes,
        sum(mw) as mw,
        count(*) filter (where not is_actual) as missing_count
    from weighed
    group by interval_start_at, interval_minutes
    having count(*) filter (where is_outside) > 0 and count(*) filter (where not is_outside) > 0
)

select
    wanted.feeder,
    wanted.interval_start_at,
    cast(round(
        cast(weighed.mw - sums.mw as double) / cast(weighed.weight as double) * 1e9
    ) as bigint) as net_milliwatts
from wanted
inner join sums
    on
        wanted.interval_start_at = sums.interval_start_at
        and wanted.interval_minutes = sums.interval_minutes
inner join weighed
    on
        wanted.feeder = weighed.feeder
        and wanted.interval_start_at = weighed.interval_start_at
        and wanted.interval_minutes = weighed.interval_minutes
where sums.missing_count = case when weighed.is_actual then 0 else 1 end
