-- A multiplier applied twice, or to values that are primary already: more than the feeder can bear.
-- Rule: a day's third-highest apparent power (kW where kVA is unknown) is above 1.2 x rating_mva;
-- the third, so that one wild reading is left to the spike check. On the day of an exchange of
-- meters the larger rating and multiplier count.
-- Source: auditors found "CT ratio already in the meter programming" (docs/rules.md#above_rating).
-- Silent where rating_mva is empty, and so on all 13 real feeders.

with

meters as (
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
        days.third_highest_mva,
        greatest(
            days.third_highest_mva, cast(days.peak_mva_gross as double), days.highest_mw
        ) as highest_mva,
        max(meters.rating_mva) as rating_mva,
        max(meters.multiplier) as multiplier
    from {{ ref('feeder_days') }} as days
    inner join meters
        on
            days.feeder = meters.feeder
            and days.local_date >= meters.from_date
            and days.local_date <= meters.to_date
    group by
        days.feeder, days.local_date, days.third_highest_mva, days.peak_mva_gross, days.highest_mw
)

select
    'above_rating' as rule,
    'fail' as severity,
    rated.feeder,
    min(rated.local_date) as first_date,
    max(rated.local_date) as last_date,
    'up to ' || {{ shown('max(rated.highest_mva)', 3) }} || ' MVA on '
    || {{ counted('count(*)', 'day') }} || ', rated ' || {{ shown('max(rated.rating_mva)', 3) }}
    || ' MVA' || case
        when bool_or(judged.is_wrong)
            then '; it is above on average on most days, so peaks are not measured by this rating'
        else ''
    end as evidence,
    case
        when bool_or(judged.is_wrong)
            then
                'rating_mva in meter-data.csv may itself be wrong (it is in MVA), or a multiplier '
                || 'is applied twice: compare multiplier '
        else
            'overload, a rating_mva that is too small, or a multiplier applied twice or to primary '
            || 'values: compare multiplier '
    end || {{ shown('max(rated.multiplier)', 2) }}
    || ' with the plate and the programming of the meter' as meaning
from rated
left join {{ ref('rating_days') }} as judged
    on rated.feeder = judged.feeder and rated.local_date = judged.local_date
where rated.third_highest_mva > {{ var('above_rating_factor') }} * rated.rating_mva
group by rated.feeder
