-- one row per row of period_figures: what the feeder had in the interval of the highest total of
-- the period, and the sum of all feeders' own peaks

{{ config(materialized="ephemeral") }}

with

peaks_together as (
    select
        grain,
        period_start,
        sum(weighted_peak_mw) as noncoincident_mw
    from {{ ref('period_figures') }}
    group by grain, period_start
),

-- what each feeder had in the interval of a day's highest total
measured_shares as (
    select
        feeder,
        local_date,
        coincident_mw
    from {{ ref('system_days') }}
    where coincident_mw is not null
),

plausible_totals as (
    select local_date from {{ ref('plausible_days') }}
    where feeder = 'total'
),

shares as (
    select measured_shares.*
    from measured_shares
    anti join plausible_totals on measured_shares.local_date = plausible_totals.local_date
    union all
    select
        feeder,
        local_date,
        coincident_mw
    from {{ ref('plausible_shares') }}
),

coincident as (
    select
        shares.feeder,
        totals.grain,
        totals.period_start,
        shares.coincident_mw,
        totals.peak_mw as total_mw
    from {{ ref('period_figures') }} as totals
    inner join shares on totals.peak_date = shares.local_date
    where totals.feeder = 'total'
    union all
    select
        feeder,
        grain,
        period_start,
        peak_mw as coincident_mw,
        peak_mw as total_mw
    from {{ ref('period_figures') }}
    where feeder = 'total'
)

select
    periods.feeder,
    periods.grain,
    periods.period_start,
    coincident.coincident_mw,
    coincident.total_mw,
    case
        when periods.feeder = 'total' then together.noncoincident_mw
        else periods.weighted_peak_mw
    end as noncoincident_mw
from {{ ref('period_figures') }} as periods
left join peaks_together as together
    on
        periods.grain = together.grain
        and periods.period_start = together.period_start
left join coincident
    on
        periods.feeder = coincident.feeder
        and periods.grain = coincident.grain
        and periods.period_start = coincident.period_start
