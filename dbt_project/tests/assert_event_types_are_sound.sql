-- Two spellings of one word would double every reading that has it, and a handling that nobody
-- knows would be handled as none.
select
    replace(lower(word), ' ', '') as word,
    count(*) as row_count,
    max(handling) as handling
from {{ ref('event_types') }}
group by replace(lower(word), ' ', '')
having
    count(*) > 1
    or count(code) = 0
    or not coalesce(bool_and(handling in (
        'normal', 'outage', 'partial', 'long', 'time_set', 'overflow', 'test', 'skipped',
        'estimated'
    )), false)
