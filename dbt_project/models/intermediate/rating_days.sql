-- one row per feeder and day with a rating: how much it lets the feeder carry
-- On the day of an exchange the larger rating and multiplier count. Where a feeder is above its
-- rating on most days on average it is the rating that is wrong: kVA for MVA, or another feeder's.

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

rated as (
    select
        days.feeder,
        days.local_date,
        days.known_minutes,
        cast(days.del_mj + days.rec_mj as double) / nullif(days.known_minutes * 60, 0)
            as mean_mw,
        max(ratings.rating_mva) as rating_mva,
        max(ratings.multiplier) as multiplier
    from {{ ref('feeder_days') }} as days
    inner join ratings
        on
            days.feeder = ratings.feeder
            and days.local_date >= ratings.from_date
            and days.local_date <= ratings.to_date
    group by days.feeder, days.local_date, days.known_minutes, days.del_mj, days.rec_mj
)

select
    feeder,
    local_date,
    rating_mva,
    multiplier,
    rating_mva * {{ var('above_rating_factor') }} as limit_mva,
    coalesce(
        2 * sum(case when mean_mw > rating_mva then known_minutes end) over one_rating
        > sum(known_minutes) over one_rating, false
    ) as is_wrong
from rated
window one_rating as (partition by feeder, rating_mva)
