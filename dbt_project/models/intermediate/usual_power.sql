-- one row per feeder: what power is usual on a day, by its full days outside of unit_step_spans
-- Usual is the third-highest power of a day, of 100 days the second-highest: no single wild day
-- moves it.

{{ config(materialized="ephemeral") }}

with

system as (
    select * from {{ ref('stg_system') }}
),

days as (
    select
        feeder,
        local_date,
        third_highest_mw
    from {{ ref('feeder_days') }}
    where
        feeder <> 'total'
        and known_minutes >= {{ var('full_day_minutes') }}
        and third_highest_mw > 0
),

span_days as (
    select
        spans.feeder,
        {{ local_day('spans.from_at') }} as from_date,
        {{ local_day('spans.until_at') }} as until_date
    from {{ ref('unit_step_spans') }} as spans
    cross join system
)

select
    days.feeder,
    count(*) as day_count,
    max(days.third_highest_mw) as most_mw,
    {{ quantile('days.third_highest_mw', var('usual_share')) }} as usual_mw,
    {{ quantile('days.third_highest_mw', 0.5) }} as middle_mw
from days
anti join span_days
    on
        days.feeder = span_days.feeder
        and days.local_date >= span_days.from_date
        and days.local_date <= span_days.until_date
group by days.feeder
