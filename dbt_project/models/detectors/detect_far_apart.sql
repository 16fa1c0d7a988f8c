-- Files that lie years from all others: every feeder is expected from the first reading to the last
-- of any feeder, so one wrong year makes all of them lack tens of thousands of intervals.
-- Rule, source and how often it fires: docs/rules.md#far_apart

with

uses as (
    select
        uses.*,
        files.file_name
    from {{ ref('file_uses') }} as uses
    inner join {{ source('raw', 'files') }} as files on uses.file_id = files.file_id
),

months as (
    select
        month_start_at,
        min(first_start_at) as first_at,
        max(last_end_at) as last_at
    from uses
    group by month_start_at
),

pauses as (
    select
        last_at as from_at,
        lead(first_at) over (order by month_start_at) as to_at
    from months
),

expected as (
    select
        pauses.from_at,
        pauses.to_at,
        count(distinct meters.feeder) as expected_count,
        cast(sum({{ whole_quotient(
            dbt.datediff(
                "greatest(pauses.from_at, coalesce(meters.valid_from_at, pauses.from_at))",
                "least(pauses.to_at, coalesce(meters.valid_to_at, pauses.to_at))",
                'minute'
            ), 'meters.interval_minutes'
        ) }}) as bigint) as missing_count
    from pauses
    inner join {{ ref('stg_meter_data') }} as meters
        on
            coalesce(meters.valid_from_at, pauses.from_at) < pauses.to_at
            and coalesce(meters.valid_to_at, pauses.to_at) > pauses.from_at
    where {{ dbt.datediff(
        'pauses.from_at', 'pauses.to_at', 'minute'
    ) }} > {{ var('pause_days') }} * 1440
    group by pauses.from_at, pauses.to_at
),

sides as (
    select
        expected.from_at,
        expected.to_at,
        uses.first_start_at < expected.to_at as is_before,
        min(expected.expected_count) as expected_count,
        min(expected.missing_count) as missing_count,
        min(uses.feeder) as feeder,
        count(distinct uses.feeder) as feeder_count,
        count(distinct uses.file_id) as file_count,
        min(uses.first_start_at) as first_at,
        max(uses.last_end_at) as last_at,
        min_by(uses.file_name, (uses.first_start_at, uses.file_id)) as first_file
    from expected
    cross join uses
    group by expected.from_at, expected.to_at, uses.first_start_at < expected.to_at
),

found as (
    select
        sides.*,
        {{ to_local('sides.first_at', 'system.timezone') }} as first_local,
        {{ to_local('sides.last_at', 'system.timezone') }} as last_local,
        {{ to_local('others.first_at', 'system.timezone') }} as others_first_local,
        {{ to_local('others.last_at', 'system.timezone') }} as others_last_local
    from sides
    inner join sides as others
        on
            sides.from_at = others.from_at
            and sides.is_before <> others.is_before
    cross join {{ ref('stg_system') }} as system
    where
        sides.feeder_count = 1
        and (others.feeder_count > 1 or others.feeder <> sides.feeder)
)

select
    'warn' as severity,
    feeder,
    cast(first_local as date) as first_date,
    cast(last_local as date) as last_date,
    'readings ' || {{ from_to('first_local', 'last_local') }} || ' ('
    || {{ in_files('first_file', 'file_count') }} || '), all others '
    || {{ from_to('others_first_local', 'others_last_local') }} || '; '
    || {{ counted('missing_count', 'interval') }} || ' of '
    || {{ counted('expected_count', 'feeder') }}
    || ' in between are missing' as evidence,
    'if the dates are wrong, take the files out (load-profile withdraw) and drop right ones; if '
    || 'they are right, write in meter-data.csv from when to when each feeder was metered '
    || '(valid_from, valid_to): what lies outside is not expected' as meaning
from found
