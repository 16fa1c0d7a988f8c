-- one row per feeder and day with an apparent power out of proportion to its active power and to
-- the feeder's other days, or above the rating

{{ config(materialized="ephemeral") }}

with

days as (
    select
        days.feeder,
        days.local_date,
        days.highest_mw,
        rated.limit_mva,
        cast(days.peak_mva_gross as double) as peak_mva,
        days.third_highest_mva
    from {{ ref('feeder_days') }} as days
    left join {{ ref('rating_days') }} as rated
        on
            days.feeder = rated.feeder
            and days.local_date = rated.local_date
            and not rated.is_wrong
    where days.feeder <> 'total' and days.peak_mva_gross > 0
),

history as (
    select
        feeder,
        {{ quantile('third_highest_mva', 0.25) }} as usual_mva
    from days
    where third_highest_mva > 0
    group by feeder
)

select
    days.*,
    history.usual_mva
from days
inner join history on days.feeder = history.feeder
where
    days.peak_mva > days.limit_mva
    or (days.peak_mva > 1.5 * history.usual_mva and days.peak_mva > 2 * days.highest_mw)
