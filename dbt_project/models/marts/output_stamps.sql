-- one row per feeder and month (UTC), and per month of the total, whose feeder is NULL

with

feeder_rows as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        {{ row_hash('profiles') }} as row_hash
    from {{ ref('feeder_profiles') }} as profiles
    union all
    select
        missing.feeder,
        missing.interval_start_at,
        {{ row_hash('missing') }} as row_hash
    from {{ ref('missing_intervals') }} as missing
),

total_rows as (
    select
        cast(null as string) as feeder,
        totals.interval_start_at,
        {{ row_hash('totals') }} as row_hash
    from {{ ref('combined_profiles') }} as totals
),

all_rows as (
    select * from feeder_rows
    union all
    select * from total_rows
)

select
    feeder,
    cast(date_trunc('month', interval_start_at) as timestamp) as month_start_at,
    cast(sum(row_hash) as string) as stamp
from all_rows
group by feeder, cast(date_trunc('month', interval_start_at) as timestamp)
