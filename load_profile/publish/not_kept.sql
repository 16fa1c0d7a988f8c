-- intervals that changed and are in no list: of a version with many changes not all are kept, and
-- of an old one none
select coalesce(sum(changed_intervals), 0)::bigint - (
    select count(*) from version_intervals where version > $earlier and version <= $later
)
from versions
where version > $earlier and version <= $later
