-- Two meters valid for a feeder at one time would count its readings twice.
with

periods as (
    select
        feeder_key,
        meter_data_row,
        coalesce(valid_from, timestamp '1000-01-01') as valid_from,
        coalesce(valid_to, timestamp '9000-01-01') as valid_to
    from {{ ref('stg_meter_data') }}
)

select
    earlier.feeder_key,
    earlier.meter_data_row,
    later.meter_data_row as other_row
from periods as earlier
inner join periods as later
    on
        earlier.feeder_key = later.feeder_key
        and earlier.meter_data_row <> later.meter_data_row
        and earlier.valid_from <= later.valid_from
        and earlier.valid_to > later.valid_from
