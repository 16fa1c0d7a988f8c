-- A reading at a time that its clock shows twice, in an order that does not tell which is meant, or
-- that its clock never shows: a tool that writes 96 columns every day, or a meter on standard time
-- whose timezone is that of a wall clock, all of whose summer is then an hour off. It is kept and
-- flagged, so it warns.
{{ config(severity="warn") }}

select
    feeder,
    file_id,
    month_start_at,
    row_count,
    first_start_local,
    last_start_local
from {{ ref('ambiguous_times') }}
