-- Words under Event Type with a meaning: the reading is an estimate, a test or from while
-- the clock was set, or the word is unknown.
-- Rule, source and how often it fires: docs/rules.md#event_word

with

words as (
    select
        feeder,
        event_type,
        cast(max(mw_net) as double) as highest_mw,
        coalesce(event_handling, 'unknown') as handling,
        min(start_local) as first_start_local,
        max(start_local) as last_start_local,
        count(*) as reading_count,
        min(file_id) as first_file_id
    from {{ ref('feeder_profiles') }}
    where
        event_handling in ('estimated', 'time_set', 'overflow', 'test', 'skipped')
        or (reading_quality is null and event_type <> '')
    group by feeder, event_type, coalesce(event_handling, 'unknown')
)

select
    'warn' as severity,
    words.feeder,
    cast(words.first_start_local as date) as first_date,
    cast(words.last_start_local as date) as last_date,
    {{ counted('words.reading_count', 'reading') }}
    || case when words.reading_count = 1 then ' has' else ' have' end || ' the event word "'
    || words.event_type || '"' || case words.handling
        when 'unknown' then ', which is not known'
        when 'estimated' then ', an estimate'
        when 'time_set' then ', from while the clock was set'
        when 'overflow' then ', more than the meter can count'
        when 'test' then ', a test'
        else ', no value'
    end
    || case
        when words.handling in ('estimated', 'time_set', 'overflow')
            then coalesce('; the highest is ' || {{ shown('words.highest_mw', 6) }} || ' MW', '')
        else ''
    end || '; first at ' || cast(words.first_start_local as string) || ' in file '
    || coalesce(files.file_name, '') as evidence,
    case
        when words.handling = 'unknown'
            then
                'they count as any other: if the word means more than that (a test, an estimate, a '
                || 'clock that was set), add a line for it to dbt_project/seeds/event_types.csv'
        when words.handling in ('test', 'skipped')
            then
                'their power is unknown, and they are in no energy, no peak and no total: if a '
                || 'load was measured then, drop a file with it'
        when words.handling = 'estimated'
            then
                'their energy counts, and no peak rests on them: if readings were taken meanwhile, '
                || 'drop the file with them'
        else
            'their energy counts, and no peak rests on them: check the readings of that time'
    end as meaning
from words
left join {{ source('raw', 'files') }} as files on words.first_file_id = files.file_id
