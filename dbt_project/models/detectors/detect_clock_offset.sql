-- A clock that is a little off: rows that start up to a minute beside their interval, and are its
-- readings all the same.
-- Rule, source and how often it fires: docs/rules.md#clock_offset

with

readings as (
    select
        profiles.feeder,
        profiles.file_id,
        profiles.interval_start_at,
        profiles.clock_offset_seconds,
        {{ local_day('profiles.interval_start_at') }} as local_date
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    where
        profiles.clock_offset_seconds <> 0
        and profiles.file_id in (
            select uses.file_id from {{ ref('file_uses') }} as uses
            where uses.clock_offset_count > 0
        )
),

feeders as (
    select
        feeder,
        min(local_date) as first_date,
        max(local_date) as last_date,
        count(*) as reading_count,
        count(distinct file_id) as file_count,
        min(file_id) as file_id,
        min(clock_offset_seconds) as least_seconds,
        max(clock_offset_seconds) as most_seconds
    from readings
    group by feeder
),

-- an offset that comes or goes inside a file: the clock was set there
changes as (
    select
        feeder,
        count(*) as changed_count
    from {{ ref('file_uses') }}
    where least_clock_offset <> most_clock_offset
    group by feeder
)

select
    'warn' as severity,
    feeders.feeder,
    feeders.first_date,
    feeders.last_date,
    'its clock is '
    || case
        when feeders.least_seconds < 0 and feeders.most_seconds > 0
            then
                'from ' || {{ shown('-feeders.least_seconds') }} || ' s early to '
                || {{ shown('feeders.most_seconds') }} || ' s late'
        else case
            when feeders.least_seconds = feeders.most_seconds then ''
            else
                {{ shown('least(abs(feeders.least_seconds), abs(feeders.most_seconds))') }}
                || ' to '
        end
        || {{ shown('greatest(abs(feeders.least_seconds), abs(feeders.most_seconds))') }}
        || case when feeders.least_seconds < 0 then ' s early' else ' s late' end
    end
    || ' in ' || {{ counted('feeders.reading_count', 'reading') }} || ', '
    || {{ in_files('files.file_name', 'feeders.file_count') }}
    || case when changes.changed_count > 0 then '; it changes inside a file' else '' end
        as evidence,
    'each of them counts as the reading of its interval; set the clock of the meter at the next '
    || 'visit, and beyond 60 s its readings would no longer fit into the total' as meaning
from feeders
inner join {{ source('raw', 'files') }} as files on feeders.file_id = files.file_id
left join changes on feeders.feeder = changes.feeder
