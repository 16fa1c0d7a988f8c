-- Rejected files with rows before the first reading, or after the last one, of all.
select count(*), min(first_start_local), max(last_end_local)
from raw.files
where letter is not null and closed_by is null
    and (
        first_start_local < (select min(start_local) from feeder_profiles)
        or last_end_local > (select max(end_local) from feeder_profiles)
    )
