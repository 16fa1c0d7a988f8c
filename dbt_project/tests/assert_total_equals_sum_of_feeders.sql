-- Combining feeders must neither lose nor invent power: where every feeder reports, the total is
-- the weighted sum of the feeders' own readings, averaged over the minutes of the interval.
{{ config(meta={"dagster": {"ref": {"name": "combined_profiles"}}}) }}

with

weighted as (
    select
        interval_start_at,
        total_factor * mw_net * interval_minutes as mw_minutes,
        abs(total_factor) * mva_net * interval_minutes as mva_minutes
    from {{ ref('feeder_profiles') }}
),

summed as (
    select
        {{ add_minutes(
            'weighted.interval_start_at',
            '-mod(' ~ minutes_between("timestamp '1970-01-01'", 'weighted.interval_start_at')
            ~ ' - system.grid_shift_minutes, system.interval_minutes)'
        ) }} as interval_start_at,
        sum(weighted.mw_minutes / system.interval_minutes) as feeders_mw,
        sum(weighted.mva_minutes / system.interval_minutes) as feeders_mva
    from weighted
    cross join {{ ref('stg_system') }} as system
    group by 1
)

select
    totals.interval_start_at,
    totals.mw_total,
    summed.feeders_mw,
    totals.mva_total,
    summed.feeders_mva
from {{ ref('combined_profiles') }} as totals
left join summed on totals.interval_start_at = summed.interval_start_at
-- 1 W, MVA alike: with mixed interval lengths each feeder is rounded to 1 mW
where
    (totals.mw_total is not null and not coalesce(
        abs(totals.mw_total - summed.feeders_mw) <= 0.000001, false
    ))
    or (totals.mva_total is not null and not coalesce(
        abs(totals.mva_total - summed.feeders_mva) <= 0.000001, false
    ))
