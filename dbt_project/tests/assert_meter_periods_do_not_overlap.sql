-- Two meters valid for a feeder at one time would count its readings twice: on the clock by which
-- files are labelled, or, where the clock was exchanged too, in UTC.
with

periods as (
    select
        feeder_key,
        meter_data_row,
        coalesce(valid_from, timestamp '1000-01-01') as valid_from,
        coalesce(valid_to, timestamp '9000-01-01') as valid_to,
        coalesce(valid_from_at, timestamp '1000-01-01') as valid_from_at,
        coalesce(valid_to_at, timestamp '9000-01-01') as valid_to_at
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
        and (
            (earlier.valid_from <= later.valid_from and earlier.valid_to > later.valid_from)
            or (
                earlier.valid_from_at <= later.valid_from_at
                and earlier.valid_to_at > later.valid_from_at
            )
        )
