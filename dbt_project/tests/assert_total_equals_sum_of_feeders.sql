-- Combining feeders must neither lose nor invent power: where every feeder reports, the total is
-- the weighted sum of the feeders' own readings, averaged over the time of the interval.
{{ config(meta={"dagster": {"ref": {"name": "combined_profiles"}}}) }}

with

summed as (
    select
        {{ floor_to_grid(
            'profiles.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as interval_start_at,
        sum(
            profiles.total_factor * profiles.mw_net
            * least(profiles.actual_seconds, system.interval_minutes * 60)
        ) as mw_seconds,
        sum(
            abs(profiles.total_factor) * profiles.mva_net
            * least(profiles.actual_seconds, system.interval_minutes * 60)
        ) as mva_seconds
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    where {{ is_near_untested('combined_profiles', 'profiles.interval_start_at') }}
    group by 1
)

select
    totals.interval_start_at,
    totals.mw_total,
    summed.mw_seconds,
    totals.mva_total,
    summed.mva_seconds
from {{ ref('combined_profiles') }} as totals
left join summed on totals.interval_start_at = summed.interval_start_at
-- 1 W, MVA alike: with mixed interval lengths each feeder is rounded to 1 mW
where
    {{ is_untested('combined_profiles', 'totals.interval_start_at', '') }}
    and (
        (totals.mw_total is not null and not coalesce(
            abs(totals.mw_total * totals.interval_minutes * 60 - summed.mw_seconds)
            <= 0.000001 * totals.interval_minutes * 60, false
        ))
        or (totals.mva_total is not null and not coalesce(
            abs(totals.mva_total * totals.interval_minutes * 60 - summed.mva_seconds)
            <= 0.000001 * totals.interval_minutes * 60, false
        ))
    )
