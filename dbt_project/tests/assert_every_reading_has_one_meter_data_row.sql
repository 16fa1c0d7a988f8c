-- Two rows of meter-data.csv, or two stretches of its clock, over one moment of a file would count
-- its readings twice, each with another multiplier or time.
with

neighbours as (
    select
        file_id,
        meter_data_row,
        period_from,
        period_to,
        lead(meter_data_row) over (
            partition by file_id order by period_from, period_to, meter_data_row
        ) as next_row,
        lead(period_from) over (
            partition by file_id order by period_from, period_to, meter_data_row
        ) as next_from
    from {{ ref('stg_file_periods') }}
)

select *
from neighbours
where next_from < period_to
