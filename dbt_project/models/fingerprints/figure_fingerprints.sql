-- one row per feeder and UTC month with rows of accepted files, and per month of `total`

{{ config(materialized="view") }}

with

-- what meter-data.csv says of a feeder's month, whatever files there are
feeders as (
    select
        months.feeder,
        months.month_start_at,
        months.stamp,
        months.file_ids,
        md5({{ ordered_list(joined([
            'meters.meter', 'meters.mw_factor', 'meters.channel_unit', 'meters.interval_minutes',
            'meters.timezone', 'meters.total_factor',
            'greatest(meters.valid_from_at, months.month_start_at)',
            'least(meters.valid_to_at, ' ~ add_month('months.month_start_at') ~ ')',
        ])) }}) as meter_stamp
    from {{ ref('read_months') }} as months
    left join {{ ref('stg_meter_data') }} as meters
        on
            months.feeder = meters.feeder
            and coalesce({{ add_month('months.month_start_at') }} > meters.valid_from_at, true)
            and coalesce(months.month_start_at < meters.valid_to_at, true)
    group by months.feeder, months.month_start_at, months.stamp, months.file_ids
),

-- which feeders the total is made of, as meter-data.csv says, whatever files there are; of millions
-- of feeders one list would be too long
members as (
    select
        months.month_start_at,
        md5({{ ordered_list('meters.feeder') }}) as feeders
    from {{ ref('system_months') }} as months
    inner join {{ ref('stg_meter_data') }} as meters
        on
            meters.total_factor <> 0
            and coalesce({{ add_month('months.month_start_at') }} > meters.valid_from_at, true)
            and coalesce(months.month_start_at < meters.valid_to_at, true)
    group by months.month_start_at, substr(md5(meters.feeder), 1, 2)
),

together as (
    select
        month_start_at,
        md5({{ ordered_list('feeders') }}) as meter_stamp
    from members
    group by month_start_at
),

total as (
    select
        'total' as feeder,
        months.month_start_at,
        months.stamp,
        null as file_ids,
        together.meter_stamp
    from {{ ref('system_months') }} as months
    left join together on months.month_start_at = together.month_start_at
),

months as (
    select * from feeders
    union all
    select * from total
)

select
    feeder,
    month_start_at,
    meter_stamp,
    file_ids,
    md5({{ joined(['stamp', 'meter_stamp']) }}) as stamp
from months
