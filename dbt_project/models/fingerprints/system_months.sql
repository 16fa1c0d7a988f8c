-- one row per UTC month of the system; its fingerprint covers what all feeders have in it

with

feeders as (
    select * from {{ ref('expected_months') }}
),

system as (
    select * from {{ ref('stg_system') }}
),

-- where the system's grid is shifted, an interval begins in one month and ends in the next
touched as (
    select
        feeder,
        month_start_at,
        stamp
    from feeders
    union
    select
        feeders.feeder,
        date_trunc('month', {{ dbt.dateadd(
            'minute', '-1', 'feeders.month_start_at'
        ) }}) as month_start_at,
        feeders.stamp
    from feeders
    cross join system
    where system.grid_shift_minutes <> 0
),

described as (
    select
        month_start_at,
        {{ joined(['feeder', 'stamp']) }} as description
    from touched
    union all
    select
        touched.month_start_at,
        {{ joined([
            'system.interval_minutes', 'system.grid_shift_minutes', 'system.timezone',
        ]) }} as description
    from touched
    cross join system
),

-- of millions of feeders one list would be too long
hashed as (
    select
        month_start_at,
        md5({{ ordered_list('description') }}) as stamp
    from described
    group by month_start_at, substr(md5(description), 1, 2)
)

select
    'total' as feeder,
    month_start_at,
    md5({{ ordered_list('stamp') }}) as stamp
from hashed
group by month_start_at
