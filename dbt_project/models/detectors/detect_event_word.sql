-- Words under Event Type that say more than most: the reading is an estimate, or nobody knows.
-- Rule: a word that event_types handles as estimated (IEC 61968-9: estimated x.8.x, edited x.7.x),
-- or one that it does not have. An estimate counts as energy and is never a peak; a reading with an
-- unknown word counts as any other.
-- Fires on none of 15 real feeders.

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
        event_handling = 'estimated'
        or (reading_quality is null and event_type <> '')
    group by feeder, event_type, coalesce(event_handling, 'unknown')
)

select
    'event_word' as rule,
    'warn' as severity,
    words.feeder,
    cast(words.first_start_local as date) as first_date,
    cast(words.last_start_local as date) as last_date,
    {{ shown('words.reading_count') }} || ' readings have the event word "' || words.event_type
    || '"' || case
        when words.handling = 'unknown' then ', which is not known'
        else
            ', an estimate; the highest is ' || {{ shown('words.highest_mw', 6) }} || ' MW'
    end || '; first at ' || cast(words.first_start_local as string) || ' in file '
    || coalesce(files.file_name, '') as evidence,
    case
        when words.handling = 'unknown'
            then
                'they count as any other: if the word means more than that (a test, an estimate, a '
                || 'clock that was set), add a line for it to dbt_project/seeds/event_types.csv'
        else
            'their energy counts, and no peak rests on them: if readings were taken meanwhile, '
            || 'drop the file with them'
    end as meaning
from words
left join {{ source('raw', 'files') }} as files on words.first_file_id = files.file_id
