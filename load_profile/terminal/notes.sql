-- what was normalised in the files of a run: one row per kind, a file of several feeders once
with
noted as (
    select distinct sha256, stored_as, unnest(map_entries(notes::json::map(varchar, bigint))) as note
    from raw.files
    where notes is not null and processed_at >= ? and outcome = 'accepted'
)

select note.key, sum(note.value)::bigint, count(*)
from noted
group by note.key
order by note.key
