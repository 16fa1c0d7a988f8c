-- Every expected interval is either read or missing, never both and never neither: per meter-data
-- row the two line up without overlap or hole from the first to the last reading of all feeders.
{{ config(meta={"dagster": {"ref": {"name": "missing_intervals"}}}) }}

with

intervals as (
    select
        meter_data_row,
        interval_start_at,
        {{ add_minutes('interval_start_at', 'interval_minutes') }} as interval_end_at
    from {{ ref('missing_intervals') }}
    union all
    select
        profiles.meter_data_row,
        profiles.interval_start_at,
        {{ add_minutes('profiles.interval_start_at', 'profiles.interval_minutes') }}
            as interval_end_at
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ ref('stg_meter_data') }} as meters
        on profiles.meter_data_row = meters.meter_data_row
    -- a reading between two intervals is reported by assert_readings_fill_their_interval
    where
        mod(
            {{ minutes_between("timestamp '1970-01-01'", 'profiles.interval_start_at') }}
            - meters.grid_shift_minutes, meters.interval_minutes
        ) = 0
),

span as (
    select
        min(interval_start_at) as start_at,
        max({{ add_minutes('interval_start_at', 'interval_minutes') }}) as end_at
    from {{ ref('feeder_profiles') }}
),

covered as (
    select
        meter_data_row,
        count(*) as interval_count,
        min(interval_start_at) as start_at,
        max(interval_end_at) as end_at
    from intervals
    group by meter_data_row
)

select
    covered.*,
    meters.feeder,
    meters.valid_from_at,
    meters.valid_to_at
from {{ ref('stg_meter_data') }} as meters
cross join span
left join covered on meters.meter_data_row = covered.meter_data_row
where
    greatest(meters.valid_from_at, span.start_at) < least(meters.valid_to_at, span.end_at)
    and (
        covered.interval_count * meters.interval_minutes
        is distinct from {{ minutes_between('covered.start_at', 'covered.end_at') }}
        or covered.start_at >= {{ add_minutes(
            'greatest(meters.valid_from_at, span.start_at)', 'meters.interval_minutes'
        ) }}
        or covered.end_at < least(meters.valid_to_at, span.end_at)
    )
