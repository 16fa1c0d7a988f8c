-- A reading that is shorter or longer or starts elsewhere than meter-data.csv declares: a wrong
-- interval_minutes (a factor of 2 or 4 in energy) or a clock set inside the interval.
-- Rule, source and how often it fires: docs/rules.md#interval_length

with

uses as (
    select
        uses.*,
        files.file_name
    from {{ ref('file_uses') }} as uses
    inner join {{ source('raw', 'files') }} as files on uses.file_id = files.file_id
),

feeders as (
    select
        feeder,
        cast(sum(used_count) as bigint) as used_count,
        cast(sum(odd_length_count) as bigint) as odd_length_count,
        cast(sum(used_count - on_grid_count) as bigint) as off_grid_count,
        min(shortest_odd_seconds) as shortest_seconds,
        max(longest_odd_seconds) as longest_seconds,
        min(odd_interval_minutes) as interval_minutes,
        min(first_odd_at) as first_at,
        max(last_odd_at) as last_at,
        count(distinct case when first_odd_at is not null then file_id end) as file_count,
        min_by(
            file_name, case when first_odd_at is not null then (first_odd_at, file_id) end
        ) as first_file
    from uses
    group by feeder
    having min(first_odd_at) is not null
),

declared as (
    select
        feeder,
        interval_minutes,
        min(meter_data_row) as meter_data_row
    from {{ ref('stg_meter_data') }}
    group by feeder, interval_minutes
),

found as (
    select
        feeders.*,
        declared.meter_data_row,
        {{ to_local('feeders.first_at', 'system.timezone') }} as first_local,
        {{ to_local('feeders.last_at', 'system.timezone') }} as last_local,
        feeders.shortest_seconds = feeders.longest_seconds
        and feeders.shortest_seconds <> feeders.interval_minutes * 60
        and 2 * feeders.odd_length_count > feeders.used_count as is_another_interval,
        feeders.shortest_seconds = feeders.longest_seconds
        and mod(feeders.shortest_seconds, 60) = 0
        and feeders.odd_length_count * feeders.shortest_seconds
        >= {{ var('changed_interval_minutes') }} * 60
        and feeders.odd_length_count * feeders.shortest_seconds
        = {{ dbt.datediff('feeders.first_at', 'feeders.last_at', 'second') }}
        + feeders.shortest_seconds as is_changed_interval
    from feeders
    left join declared
        on
            feeders.feeder = declared.feeder
            and feeders.interval_minutes = declared.interval_minutes
    cross join {{ ref('stg_system') }} as system
)

select
    'warn' as severity,
    feeder,
    cast(first_local as date) as first_date,
    cast(last_local as date) as last_date,
    case
        when odd_length_count > 0
            then
                {{ counted('odd_length_count', 'reading') }} || ' of '
                || {{ length_in_words('shortest_seconds') }}
                || case
                    when longest_seconds > shortest_seconds
                        then ' to ' || {{ length_in_words('longest_seconds') }}
                    else ''
                end
                || ', meter-data.csv declares ' || {{ shown('interval_minutes') }} || ' min'
        else ''
    end
    || case when odd_length_count > 0 and off_grid_count > 0 then '; ' else '' end
    || case
        when off_grid_count > 0
            then {{ counted('off_grid_count', 'reading') }} || ' starting between two intervals'
        else ''
    end
    || ', ' || {{ from_to('first_local', 'last_local') }} || ', '
    || {{ in_files('first_file', 'file_count') }} as evidence,
    case
        when is_another_interval
            then
                'if the meter records every ' || {{ length_in_words('shortest_seconds') }}
                || ', write ' || {{ shown('shortest_seconds / 60') }}
                || ' as interval_minutes in row ' || {{ shown('meter_data_row') }}
                || ' of meter-data.csv; until then none of these readings is a peak'
                || case
                    when shortest_seconds > interval_minutes * 60
                        then
                            ', and what is left of each after '
                            || {{ shown('interval_minutes') }} || ' min counts as missing'
                    else ''
                end
        when is_changed_interval
            then
                'if the meter records every ' || {{ length_in_words('shortest_seconds') }}
                || ' from ' || {{ to_the_minute('first_local') }} || ' on, copy row '
                || {{ shown('meter_data_row') }}
                || ' of meter-data.csv to a new row with that time as valid_from and '
                || {{ shown('shortest_seconds / 60') }}
                || ' as interval_minutes, and write it as valid_to in row '
                || {{ shown('meter_data_row') }}
                || '; until then none of these readings is a peak'
        else
            'the clock was set, or power failed, inside these intervals, or interval_minutes in '
            || 'meter-data.csv is wrong; the readings are kept, are never a peak, and a total '
            || 'that they do not fill is unknown'
    end as meaning
from found
