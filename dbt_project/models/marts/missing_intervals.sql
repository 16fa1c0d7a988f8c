-- one row per feeder and expected interval without a reading

with

readings as (
    select * from {{ ref('feeder_profiles') }}
),

meters as (
    select * from {{ ref('stg_meter_data') }}
),

-- every feeder is expected from the first to the last reading of all feeders
span as (
    select
        min(interval_start_at) as span_start_at,
        max({{ add_minutes('interval_start_at', 'interval_minutes') }}) as span_end_at
    from readings
),

periods as (
    select
        meters.feeder,
        meters.meter_data_row,
        meters.interval_minutes,
        meters.timezone,
        meters.total_factor,
        meters.grid_shift_minutes,
        meters.valid_from_at,
        greatest(span.span_start_at, coalesce(meters.valid_from_at, span.span_start_at))
            as period_start_at,
        least(span.span_end_at, coalesce(meters.valid_to_at, span.span_end_at)) as period_end_at
    from meters
    cross join span
),

-- intervals lie on a grid of whole interval lengths from UTC midnight
starts as (
    select
        *,
        mod(
            {{ minutes_between("timestamp '1970-01-01'", 'period_start_at') }}
            - grid_shift_minutes,
            interval_minutes
        ) as minutes_into_interval
    from periods
    where period_start_at < period_end_at
),

expected as (
    select
        feeder,
        meter_data_row,
        interval_minutes,
        timezone,
        total_factor,
        valid_from_at,
        {{ interval_series(
            add_minutes('period_start_at', '-minutes_into_interval'),
            'period_end_at',
            'interval_minutes'
        ) }} as interval_start_at
    from starts
)

select
    expected.feeder,
    expected.interval_start_at,
    expected.interval_minutes,
    expected.timezone,
    expected.total_factor,
    expected.meter_data_row
from expected
anti join readings
    on
        expected.feeder = readings.feeder
        and expected.interval_start_at = readings.interval_start_at
-- the row valid at the start of an interval has it, also when meters changed inside one
where expected.valid_from_at is null or expected.interval_start_at >= expected.valid_from_at
