-- Between two rows of meter-data.csv nothing is expected of a feeder and nothing read then is used.
-- That is right while no meter was there; else a valid_from or valid_to is wrong.
-- Rule, source and how often it fires: docs/rules.md#period_hole

with

neighbours as (
    select
        feeder,
        meter_data_row,
        valid_to as hole_from_local,
        valid_to_at as hole_from_at,
        lead(meter_data_row) over feeder_rows as next_row,
        lead(valid_from) over feeder_rows as hole_to_local,
        lead(valid_from_at) over feeder_rows as hole_to_at
    from {{ ref('stg_meter_data') }}
    window feeder_rows as (
        partition by feeder order by valid_from_at nulls first, meter_data_row
    )
)

select
    'warn' as severity,
    feeder,
    cast(hole_from_local as date) as first_date,
    cast(hole_to_local as date) as last_date,
    'between rows ' || {{ shown('meter_data_row') }} || ' and ' || {{ shown('next_row') }}
    || ' of meter-data.csv no meter is declared, '
    || {{ from_to('hole_from_local', 'hole_to_local') }}
    || ': nothing is expected then and nothing read then is used' as evidence,
    'right while no meter was there; else correct the valid_to of the one row or the valid_from of '
    || 'the other' as meaning
from neighbours
where hole_from_at < hole_to_at
