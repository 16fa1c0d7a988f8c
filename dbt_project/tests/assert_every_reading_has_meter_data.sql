-- A reading outside every period of meter-data.csv is kept in staging and used nowhere. That can be
-- right (a meter read before it was taken over), so it warns; the file is named to look it up.
{{ config(severity="warn") }}

select
    file_id,
    file_name,
    outside_count,
    first_start_local,
    last_end_local
from {{ ref('files') }}
where outside_count > 0
