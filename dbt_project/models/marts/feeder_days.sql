-- one row per feeder and day of the system's clock with a reading: what the detectors look at

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="day_months",
    part_time="local_date"
) }}

with

dated as (
    select
        profiles.*,
        system.timezone as system_timezone,
        cast(
            case
                when profiles.timezone = system.timezone then profiles.start_local
                else {{ to_local('profiles.interval_start_at', 'system.timezone') }}
            end as date
        ) as local_date
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    where {{ is_around_dirty_part(ref('day_months'), 'profiles.interval_start_at') }}
),

-- sums of raw values where both active and apparent power are known: their unit cancels
measured as (
    select
        *,
        kw_del + kw_rec as kw,
        kva_del + kva_rec as kva,
        -- half a count of the two decimals that meters show for either value, or half a per cent,
        -- whichever is larger (RULES P1): what is below that was not rounded
        coalesce(
            kw_del > kva_del + greatest(0.01, 0.005 * kva_del)
            or kw_rec > kva_rec + greatest(0.01, 0.005 * kva_rec), false
        ) as is_kva_too_low
    from dated
    where {{ is_in_dirty_part(ref('day_months'), 'local_date') }}
)

select
    feeder,
    local_date,
    system_timezone as timezone,
    max(interval_minutes) as interval_minutes,
    count(*) as reading_count,
    cast(coalesce(sum(case when kw is not null then interval_minutes end), 0) as bigint)
        as known_minutes,
    cast(sum(case when kw = 0 then 1 else 0 end) as bigint) as zero_count,
    min(nullif(greatest(kw_del, kw_rec), 0)) as least_kw,
    cast(sum(mw_del * interval_minutes) as double) / 60 as mwh_del,
    cast(sum(mw_rec * interval_minutes) as double) / 60 as mwh_rec,
    cast(max(abs(mw_net)) as double) as highest_mw,
    cast({{ third_highest('abs(mw_net)') }} as double) as third_highest_mw,
    cast({{ third_highest('coalesce(mva_gross, mw_gross)') }} as double) as third_highest_mva,
    cast(sum(case when kva is not null then kw end) as double)
    / nullif(cast(sum(case when kw is not null then kva end) as double), 0) as kw_per_kva,
    cast(sum(case when is_kva_too_low then 1 else 0 end) as bigint) as kva_too_low_count
from measured
group by feeder, local_date, system_timezone
