-- Between two rows of meter-data.csv nothing is expected of a feeder and nothing read then is used.
-- That is right while no meter was there; else a valid_from or valid_to is wrong, so it warns.
{{ config(severity="warn") }}

with

neighbours as (
    select
        feeder,
        meter_data_row,
        timezone,
        valid_to_at as hole_from_at,
        lead(meter_data_row) over (
            partition by feeder order by valid_from_at nulls first, meter_data_row
        ) as next_row,
        lead(valid_from_at) over (
            partition by feeder order by valid_from_at nulls first, meter_data_row
        ) as hole_to_at
    from {{ ref('stg_meter_data') }}
)

select
    feeder,
    meter_data_row,
    next_row,
    {{ to_local('hole_from_at', 'timezone') }} as hole_from_local,
    {{ to_local('hole_to_at', 'timezone') }} as hole_to_local
from neighbours
where hole_from_at < hole_to_at
