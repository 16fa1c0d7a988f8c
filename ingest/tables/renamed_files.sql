-- the same bytes under another feeder's name: a file that was renamed, unless they are the zeros of
-- another meter that stands by
select distinct later.file_id
from raw.files as later
inner join raw.files as waiting on later.sha256 = waiting.sha256
where later.file_id >= ? and later.file_id > waiting.file_id
    and later.outcome = 'accepted' and later.feeder <> waiting.feeder
    and waiting.point is null  -- what a file has of another feeder is not this one's
    and waiting.letter is not null and waiting.closed_by is null
