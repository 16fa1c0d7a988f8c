-- A multiplier applied twice, or to values that are primary already: more than the feeder can bear.
-- The third-highest, so that one wild reading is left to the spike check.
-- Rule, source and how often it fires: docs/rules.md#above_rating

select
    'fail' as severity,
    days.feeder,
    min(days.local_date) as first_date,
    max(days.local_date) as last_date,
    'up to '
    || {{ shown('max(greatest(
        days.third_highest_mva, cast(days.peak_mva_gross as double), days.highest_mw
    ))', 3) }} || ' MVA on '
    || {{ counted('count(*)', 'day') }} || ', rated ' || {{ shown('max(rated.rating_mva)', 3) }}
    || ' MVA' || case
        when bool_or(rated.is_wrong)
            then '; it is above on average on most days, so peaks are not measured by this rating'
        else ''
    end as evidence,
    case
        when bool_or(rated.is_wrong)
            then
                'rating_mva in meter-data.csv may itself be wrong (it is in MVA), or a multiplier '
                || 'is applied twice: compare multiplier '
        else
            'overload, a rating_mva that is too small, or a multiplier applied twice or to primary '
            || 'values: compare multiplier '
    end || {{ shown('max(rated.multiplier)', 2) }}
    || ' with the plate and the programming of the meter' as meaning
from {{ ref('feeder_days') }} as days
inner join {{ ref('rating_days') }} as rated
    on days.feeder = rated.feeder and days.local_date = rated.local_date
where days.third_highest_mva > rated.limit_mva
group by days.feeder
