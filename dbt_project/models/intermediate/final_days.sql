-- one row per feeder, or `total`, and day of the system's clock with an interval that is not simply
-- actual: its highest final value, and how many intervals are edited, estimated and missing

with

system as (
    select * from {{ ref('stg_system') }}
),

exceptions as (
    select
        exceptions.*,
        {{ local_day('exceptions.interval_start_at') }} as local_date
    from {{ ref('final_exceptions') }} as exceptions
    cross join system
),

touched as (
    select distinct
        feeder,
        local_date
    from exceptions
),

profiles as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        {{ local_day('profiles.interval_start_at') }} as local_date,
        profiles.mw_net
    from {{ ref('feeder_profiles') }} as profiles
    cross join system
    where profiles.can_be_peak and profiles.mw_net is not null
),

totals as (
    select
        totals.interval_start_at,
        {{ local_day('totals.interval_start_at') }} as local_date,
        totals.mw_final,
        totals.mw_final_low,
        totals.mw_final_high,
        totals.feeders_edited,
        totals.feeders_estimated,
        totals.feeders_missing,
        combined.can_be_peak
    from {{ ref('final_totals') }} as totals
    cross join system
    inner join {{ ref('combined_profiles') }} as combined
        on totals.interval_start_at = combined.interval_start_at
),

touched_totals as (
    select distinct local_date
    from totals
    where feeders_edited + feeders_estimated + feeders_missing > 0
),

intervals as (
    select
        profiles.feeder,
        profiles.local_date,
        profiles.interval_start_at,
        profiles.mw_net,
        null as low_mw,
        null as high_mw,
        'A' as status
    from profiles
    inner join touched
        on profiles.feeder = touched.feeder and profiles.local_date = touched.local_date
    anti join exceptions
        on
            profiles.feeder = exceptions.feeder
            and profiles.interval_start_at = exceptions.interval_start_at
    union all
    select
        feeder,
        local_date,
        interval_start_at,
        mw_net,
        mw_net_low as low_mw,
        mw_net_high as high_mw,
        status
    from exceptions
    union all
    select
        'total' as feeder,
        totals.local_date,
        totals.interval_start_at,
        case
            when
                totals.can_be_peak
                or totals.feeders_edited + totals.feeders_estimated > 0
                then cast(totals.mw_final as decimal(28, 18))
        end as mw_net,
        cast(totals.mw_final_low as decimal(28, 18)) as low_mw,
        cast(totals.mw_final_high as decimal(28, 18)) as high_mw,
        case
            when totals.feeders_missing > 0 then 'M'
            when totals.feeders_estimated > 0 then 'S'
            when totals.feeders_edited > 0 then 'E'
            else 'A'
        end as status
    from totals
    inner join touched_totals on totals.local_date = touched_totals.local_date
),

days as (
    select
        feeder,
        local_date,
        max(mw_net) as peak_mw,
        count(case when status = 'E' then feeder end) as edited_count,
        count(case when status = 'S' then feeder end) as estimated_count,
        count(case when status = 'M' then feeder end) as missing_count
    from intervals
    group by feeder, local_date
),

-- of equal ones the first
peaks as (
    select
        intervals.feeder,
        intervals.local_date,
        intervals.interval_start_at,
        intervals.low_mw,
        intervals.high_mw,
        intervals.status
    from intervals
    inner join days
        on
            intervals.feeder = days.feeder
            and intervals.local_date = days.local_date
            and intervals.mw_net = days.peak_mw
    qualify
        row_number() over (
            partition by intervals.feeder, intervals.local_date
            order by intervals.interval_start_at
        ) = 1
)

select
    days.feeder,
    days.local_date,
    days.peak_mw,
    peaks.interval_start_at as peak_at,
    peaks.status as peak_status,
    peaks.low_mw,
    peaks.high_mw,
    days.edited_count,
    days.estimated_count,
    days.missing_count
from days
left join peaks on days.feeder = peaks.feeder and days.local_date = peaks.local_date
