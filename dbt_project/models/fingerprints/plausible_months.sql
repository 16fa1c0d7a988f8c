-- one row per row of day_months; its fingerprint also covers which intervals of
-- it are implausible

with

implausible as (
    select
        feeder,
        cast(date_trunc('month', local_date) as timestamp) as month_start_at,
        md5({{ ordered_list('cast(interval_start_at as string)') }}) as stamp
    from {{ ref('implausible_intervals') }}
    group by feeder, date_trunc('month', local_date)
)

select
    months.feeder,
    months.month_start_at,
    md5({{ joined(['months.stamp', 'implausible.stamp']) }}) as stamp
from {{ ref('day_months') }} as months
left join implausible
    on
        months.feeder = implausible.feeder
        and months.month_start_at = implausible.month_start_at
