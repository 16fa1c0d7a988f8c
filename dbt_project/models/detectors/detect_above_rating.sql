-- A multiplier applied twice, or to values that are primary already: more than the feeder can bear.
-- Rule: a day's third-highest apparent power (kW where kVA is unknown) is above 1.2 x rating_mva;
-- the third, so that one wild reading is left to the spike check.
-- Source: RULES M4; auditors found "CT ratio already in the meter programming".
-- Silent where rating_mva is empty, and so on all 13 real feeders.

with

ratings as (
    select
        feeder,
        multiplier,
        cast(rating_mva as double) as rating_mva,
        cast(coalesce(valid_from, timestamp '0001-01-01') as date) as from_date,
        cast(coalesce(valid_to, timestamp '9999-01-01') as date) as to_date
    from {{ ref('stg_meter_data') }}
    where rating_mva is not null
),

-- the day of an exchange has two meters: the larger rating counts
rated as (
    select
        days.feeder,
        days.local_date,
        days.third_highest_mva,
        max(ratings.rating_mva) as rating_mva,
        max(ratings.multiplier) as multiplier
    from {{ ref('feeder_days') }} as days
    inner join ratings
        on
            days.feeder = ratings.feeder
            and days.local_date >= ratings.from_date
            and days.local_date <= ratings.to_date
    group by days.feeder, days.local_date, days.third_highest_mva
)

select
    'above_rating' as rule,
    'fail' as severity,
    feeder,
    min(local_date) as first_date,
    max(local_date) as last_date,
    'up to ' || {{ shown('max(third_highest_mva)', 3) }} || ' MVA on ' || {{ shown('count(*)') }}
    || ' days, rated ' || {{ shown('max(rating_mva)', 3) }} || ' MVA' as evidence,
    'overload, or a multiplier applied twice or to primary values: compare multiplier '
    || {{ shown('max(multiplier)', 2) }} || ' with the plate and the programming of the meter'
        as meaning
from rated
where third_highest_mva > {{ var('above_rating_factor') }} * rating_mva
group by feeder
