-- Missing is never 0: an interval in which an expected feeder has no reading, or one without kW,
-- has no total and names that feeder; every other interval has a total.
{{ config(meta={"dagster": {"ref": {"name": "combined_profiles"}}}) }}

with

unknown as (
    select
        feeder,
        system_start_at
    from {{ ref('system_readings') }}
    where
        total_factor <> 0
        and mw_net is null
        and {{ is_near_untested('combined_profiles', 'system_start_at') }}
)

select
    totals.interval_start_at,
    totals.mw_total,
    totals.missing_feeders,
    unknown.feeder
from {{ ref('combined_profiles') }} as totals
left join unknown on totals.interval_start_at = unknown.system_start_at
where {{ is_untested('combined_profiles', 'totals.interval_start_at', '') }} and (
    (totals.mw_total is null) <> (totals.feeders_reporting < totals.feeders_expected)
    or (totals.mw_total is null) <> (totals.missing_feeders is not null)
    or (unknown.feeder is not null and totals.mw_total is not null)
    or not contains(', ' || totals.missing_feeders || ',', ', ' || unknown.feeder || ',')
)
