-- A feeder from which nothing has come since long before the newest reading of all feeders, not
-- before today: a look at an old year is no warning.
-- Rule, source and how often it fires: docs/rules.md#quiet

with

lasts as (
    {{ last_readings() }}
),

in_use as (
    select
        feeder,
        max(coalesce(valid_to_at, timestamp '9999-01-01')) as until_at
    from {{ ref('stg_meter_data') }}
    group by feeder
),

newest as (
    select max(last_at) as newest_at from lasts
),

found as (
    select
        lasts.feeder,
        lasts.last_file,
        {{ to_local('lasts.last_at', 'system.timezone') }} as last_local,
        {{ to_local('newest.newest_at', 'system.timezone') }} as newest_local
    from lasts
    inner join in_use on lasts.feeder = in_use.feeder
    cross join newest
    cross join {{ ref('stg_system') }} as system
    where
        in_use.until_at > newest.newest_at
        and {{ dbt.datediff('lasts.last_at', 'newest.newest_at', 'minute') }}
        > {{ var('quiet_days') }} * 1440
)

select
    'warn' as severity,
    feeder,
    cast(last_local as date) as first_date,
    cast(newest_local as date) as last_date,
    'no reading since ' || {{ to_the_minute('last_local') }} || ' (in ' || last_file
    || '); other feeders have some up to ' || {{ to_the_minute('newest_local') }} || ', '
    || {{ shown(dbt.datediff('cast(last_local as date)', 'cast(newest_local as date)', 'day')) }}
    || ' days later' as evidence,
    'drop its newer files, or write a valid_to in its row of meter-data.csv if the meter is out of '
    || 'use' as meaning
from found
