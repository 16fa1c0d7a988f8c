-- one row per feeder, meter-data row and UTC month: from when to when it is expected to report

{{ config(materialized="view") }}

with

meters as (
    select * from {{ ref('stg_meter_data') }}
),

-- every feeder is expected from the first to the last reading of all feeders
span as (
    select
        min(first_start_at) as span_from_at,
        max(last_end_at) as span_to_at
    from {{ ref('file_uses') }}
),

periods as (
    select
        meters.*,
        greatest(span.span_from_at, coalesce(meters.valid_from_at, span.span_from_at))
            as period_from_at,
        least(span.span_to_at, coalesce(meters.valid_to_at, span.span_to_at)) as period_to_at
    from meters
    cross join span
),

-- intervals lie on a grid of whole interval lengths from UTC midnight
gridded as (
    select
        *,
        {{ floor_to_grid('period_from_at', 'grid_shift_minutes', 'interval_minutes') }}
            as grid_from_at
    from periods
    where period_from_at < period_to_at
),

months as (
    select
        *,
        {{ month_series('grid_from_at', 'period_to_at') }} as month_start_at
    from gridded
),

cut as (
    select
        *,
        greatest(grid_from_at, {{ ceil_to_grid(
            'month_start_at', 'grid_shift_minutes', 'interval_minutes'
        ) }}) as first_start_at,
        least(period_to_at, {{ dbt.dateadd('month', 1, 'month_start_at') }}) as until_at
    from months
)

select
    feeder,
    month_start_at,
    meter_data_row,
    interval_minutes,
    timezone,
    total_factor,
    -- the row valid at the start of an interval has it, also when meters changed inside one
    case
        when first_start_at < valid_from_at
            then {{ dbt.dateadd('minute', 'interval_minutes', 'first_start_at') }}
        else first_start_at
    end as first_start_at,
    until_at
from cut
