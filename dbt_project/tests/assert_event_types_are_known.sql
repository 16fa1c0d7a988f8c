-- A word under Event Type that event_types does not have: the reading counts as any other, and if
-- the word means more than that (a test, a clock that was set), a line in event_types.csv says so.
{{ config(severity="warn") }}

select
    file_id,
    file_name,
    unknown_events
from {{ ref('files') }}
where unknown_events is not null
