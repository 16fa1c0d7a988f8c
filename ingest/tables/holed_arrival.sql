-- the first arrival of a content with holes only since it was withdrawn, if it ever was
select file_id, precedence
from raw.files
where sha256 = $sha256
    and feeder = $feeder
    and outcome = 'sequence_error'
    and contains(notes, '"holes"')
    and file_id > coalesce(
        (
            select max(file_id)
            from raw.files
            where sha256 = $sha256 and feeder = $feeder and outcome = 'withdrawn'
        ), 0
    )
order by file_id
limit 1
