-- Missing is never 0: an interval in which an expected feeder has no reading, or one without kW,
-- has no total and names that feeder; every other interval has a total.
{{ config(meta={"dagster": {"ref": {"name": "combined_profiles"}}}) }}

with

unknown as (
    select
        feeder,
        interval_start_at,
        -- it is in the total's interval in which it starts; off the total's grid it reaches into
        -- the next one, where the feeder's next interval speaks for it
        {{ add_seconds('interval_start_at', '1') }} as interval_end_at
    from {{ ref('missing_intervals') }}
    where
        total_factor <> 0 and {{ is_near_untested('combined_profiles', 'interval_start_at') }}
    union all
    select
        feeder,
        interval_start_at,
        {{ add_seconds('interval_start_at', '1') }} as interval_end_at
    from {{ ref('feeder_profiles') }}
    where
        total_factor <> 0
        and mw_net is null
        and {{ is_near_untested('combined_profiles', 'interval_start_at') }}
)

select
    totals.interval_start_at,
    totals.mw_total,
    totals.missing_feeders,
    unknown.feeder
from {{ ref('combined_profiles') }} as totals
left join unknown
    on
        totals.interval_start_at < unknown.interval_end_at
        and {{ add_minutes('totals.interval_start_at', 'totals.interval_minutes') }}
        > unknown.interval_start_at
where {{ is_untested('combined_profiles', 'totals.interval_start_at', '') }} and (
    (totals.mw_total is null) <> (totals.feeders_reporting < totals.feeders_expected)
    or (totals.mw_total is null) <> (totals.missing_feeders is not null)
    or (unknown.feeder is not null and totals.mw_total is not null)
    or not contains(', ' || totals.missing_feeders || ',', ', ' || unknown.feeder || ',')
)
