-- one row per feeder and month of the system's clock with readings, and per month of
-- `total`; its fingerprint covers them

with

months as (
    select
        feeder,
        month_start_at,
        stamp
    from {{ ref('read_months') }}
    union all
    select
        'total' as feeder,
        month_start_at,
        stamp
    from {{ ref('system_months') }}
),

system as (
    select * from {{ ref('stg_system') }}
),

-- a month of UTC begins in one month of the clock and ends in the same or the next; its last hour
-- is part of a rolling demand that ends in the hour after
touched as (
    select
        months.feeder,
        date_trunc('month', {{ to_local('months.month_start_at', 'system.timezone') }})
            as month_start_at,
        months.stamp,
        system.timezone
    from months
    cross join system
    union
    select
        months.feeder,
        date_trunc('month', {{ to_local(
            dbt.dateadd('minute', '59', dbt.dateadd('month', 1, 'months.month_start_at')),
            'system.timezone'
        ) }}) as month_start_at,
        months.stamp,
        system.timezone
    from months
    cross join system
),

described as (
    select
        feeder,
        month_start_at,
        {{ joined(['stamp', 'timezone']) }} as description
    from touched
)

select
    feeder,
    cast(month_start_at as timestamp) as month_start_at,
    md5({{ ordered_list('description') }}) as stamp
from described
group by feeder, month_start_at
