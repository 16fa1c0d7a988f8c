-- Every expected interval is either read or missing, never both and never neither: per meter-data
-- row and month the two line up without overlap or hole, and the months add up to the time from the
-- first to the last reading of all feeders within the row's validity.
{{ config(meta={"dagster": {"ref": {"name": "missing_intervals"}}}) }}

with

expected as (
    select * from {{ ref('expected_periods') }}
    where first_start_at < until_at
),

intervals as (
    select
        feeder,
        interval_start_at
    from {{ ref('missing_intervals') }}
    where {{ is_untested('missing_intervals', 'interval_start_at') }}
    union all
    -- a reading between two intervals is reported by detect_interval_length
    select
        feeder,
        interval_start_at
    from {{ ref('feeder_profiles') }}
    where not is_off_time_grid and {{ is_untested('missing_intervals', 'interval_start_at') }}
),

covered as (
    select
        expected.feeder,
        expected.meter_data_row,
        expected.month_start_at,
        count(*) * max(expected.interval_minutes) as minutes_covered,
        min(intervals.interval_start_at) as from_at,
        max({{ dbt.dateadd(
            'minute', 'expected.interval_minutes', 'intervals.interval_start_at'
        ) }}) as to_at
    from expected
    inner join intervals
        on
            expected.feeder = intervals.feeder
            and expected.first_start_at <= intervals.interval_start_at
            and expected.until_at > intervals.interval_start_at
    group by expected.feeder, expected.meter_data_row, expected.month_start_at
),

span as (
    select
        min(interval_start_at) as start_at,
        max({{ dbt.dateadd(
            'second',
            'case when is_off_time_grid then 1 else actual_seconds end',
            'interval_start_at'
        ) }}) as end_at
    from {{ ref('feeder_profiles') }}
),

rows_of_meter_data as (
    select
        meters.meter_data_row,
        meters.interval_minutes,
        greatest(span.start_at, coalesce(meters.valid_from_at, span.start_at)) as from_at,
        least(span.end_at, coalesce(meters.valid_to_at, span.end_at)) as to_at
    from {{ ref('stg_meter_data') }} as meters
    cross join span
),

months as (
    select
        meter_data_row,
        -- whole intervals: where the grid is shifted, one reaches over the end of a month
        sum(
            ({{ whole_quotient(
                dbt.datediff('first_start_at', 'until_at', 'second') ~ ' - 1',
                'interval_minutes * 60'
            ) }} + 1) * interval_minutes
        ) as minutes_expected
    from expected
    group by meter_data_row
)

select
    expected.feeder,
    expected.meter_data_row,
    expected.month_start_at,
    covered.minutes_covered,
    covered.from_at,
    covered.to_at
from expected
left join covered
    on
        expected.meter_data_row = covered.meter_data_row
        and expected.month_start_at = covered.month_start_at
where
    {{ is_untested('missing_intervals', 'expected.month_start_at', 'expected.feeder') }}
    and (
        covered.minutes_covered
        is distinct from {{ dbt.datediff('covered.from_at', 'covered.to_at', 'minute') }}
        or covered.from_at is distinct from expected.first_start_at
        or covered.to_at < expected.until_at
    )
union all
select
    null as feeder,
    rows_of_meter_data.meter_data_row,
    null as month_start_at,
    months.minutes_expected as minutes_covered,
    rows_of_meter_data.from_at,
    rows_of_meter_data.to_at
from rows_of_meter_data
left join months on rows_of_meter_data.meter_data_row = months.meter_data_row
-- the first interval may begin before its row's validity, or the first whole one after it, and the
-- last one end after it
where
    rows_of_meter_data.from_at < rows_of_meter_data.to_at
    and coalesce(months.minutes_expected, 0)
    - {{ dbt.datediff('rows_of_meter_data.from_at', 'rows_of_meter_data.to_at', 'minute') }}
    not between
    1 - rows_of_meter_data.interval_minutes and 2 * rows_of_meter_data.interval_minutes - 1
