-- Combining feeders must neither lose nor invent power: where every feeder reports, the total is
-- the weighted sum of the feeders' own readings, averaged over the time of the interval.
{{ config(meta={"dagster": {"ref": {"name": "combined_profiles"}}}) }}

with

summed as (
    select
        system_start_at as interval_start_at,
        sum(total_factor * mw_net * least(actual_seconds, system_seconds)) as mw_seconds,
        sum(abs(total_factor) * mva_net * least(actual_seconds, system_seconds)) as mva_seconds,
        -- reactive power has a sign, and a tie that is subtracted takes its own with it
        sum(total_factor * mvar_net * least(actual_seconds, system_seconds)) as mvar_seconds
    from {{ ref('system_readings') }}
    where {{ is_near_untested('combined_profiles', 'system_start_at') }}
    group by system_start_at
)

select
    totals.interval_start_at,
    totals.mw_total,
    summed.mw_seconds,
    totals.mva_total,
    summed.mva_seconds,
    totals.mvar_total,
    summed.mvar_seconds,
    totals.mva_total_vector
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
        or (totals.mvar_total is not null and not coalesce(
            abs(totals.mvar_total * totals.interval_minutes * 60 - summed.mvar_seconds)
            <= 0.000001 * totals.interval_minutes * 60, false
        ))
        or totals.mvar_total <> totals.mvar_del_total - totals.mvar_rec_total
        -- |sum| <= sum of ||, with the same powers
        or totals.mva_total_vector > totals.mva_total
        or totals.mva_total_vector < abs(totals.mw_total)
    )
