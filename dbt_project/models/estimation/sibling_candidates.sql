-- one row per feeder with something to estimate and other feeder that may help: the three whose
-- daily energy moves most with its own, or against it

with

days as (
    select
        feeder,
        local_date,
        -- kWh: a whole number, so that every sum is exact
        cast(round(cast(net_mj - lag(net_mj) over (
            partition by feeder order by local_date
        ) as double) / 3.6) as bigint) as change
    from {{ ref('feeder_days') }}
    where feeder <> 'total' and known_minutes >= {{ var('full_day_minutes') }}
),

wanted as (
    select distinct feeder from {{ ref('unusable_values') }}
),

pairs as (
    select
        own.feeder,
        other.feeder as sibling,
        abs({{ exact_correlation('own.change', 'other.change') }}) as correlation
    from days as own
    inner join days as other
        on own.local_date = other.local_date and own.feeder <> other.feeder
    inner join wanted on own.feeder = wanted.feeder
    group by own.feeder, other.feeder
    having count(*) >= 28
)

select
    feeder,
    sibling,
    correlation
from pairs
where correlation is not null
qualify row_number() over (partition by feeder order by correlation desc, sibling asc) <= 3
