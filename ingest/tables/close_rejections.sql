-- A rejection is closed by the first later file that was accepted in its place: the same bytes, its
-- release, or a file of the same feeder with its name or over its span; else by the same bytes
-- rejected again.
update raw.files
set closed_by = found.closed_by
from (
    with
    waiting as (
        select
            *,
            least(first_start_local, last_end_local) as from_local,
            greatest(first_start_local, last_end_local) as to_local
        from raw.files
        where letter is not null and closed_by is null
    ),

    later as (
        select *, outcome = 'accepted' as is_accepted
        from raw.files
        where file_id >= $first_id and (outcome = 'accepted' or letter is not null)
    ),

    candidates as (
        select waiting.file_id, later.file_id as later_id, later.is_accepted
        from waiting
        inner join later on waiting.sha256 = later.sha256
        where later.file_id > waiting.file_id
            and (later.feeder = waiting.feeder or later.file_id in (select unnest($renamed)))
        union all
        select waiting.file_id, later.file_id, true
        from waiting
        inner join later on waiting.feeder = later.feeder and waiting.kind = later.kind
        where later.file_id > waiting.file_id and later.is_accepted
            and (
                lower(later.file_name) = lower(waiting.file_name)
                or (
                    later.first_start_local <= waiting.from_local
                    and later.last_end_local >= waiting.to_local
                )
            )
    )

    select
        file_id,
        coalesce(min(later_id) filter (is_accepted), min(later_id)) as closed_by
    from candidates
    group by file_id
) as found
where files.file_id = found.file_id
