-- The last rejection of each content that has holes, perhaps holes only, and is not in use: nor
-- withdrawn since, nor accepted under the name of another feeder. In the order of their arrival.
select
    max(files.file_id),
    arg_max(files.file_name, files.file_id),
    files.sha256,
    'sequence_error',
    arg_max(files.stored_as, files.file_id),
    arg_max(files.reason, files.file_id),
    files.feeder
from raw.files as files
left join raw.files as closing on files.closed_by = closing.file_id
where files.outcome = 'sequence_error'
    and files.letter is not null
    and coalesce(files.problem_code, 'hole') = 'hole'
    and not coalesce(
        closing.outcome = 'accepted' and closing.sha256 = files.sha256
        and closing.feeder <> files.feeder, false
    )
    and not exists (
        select 1
        from raw.files as later
        where later.sha256 = files.sha256
            and later.feeder = files.feeder
            and (
                later.outcome = 'withdrawn' and later.file_id > files.file_id
                or later.outcome = 'accepted' and later.file_id not in (
                    select release_of from raw.files where outcome = 'withdrawn'
                )
            )
    )
group by files.sha256, files.feeder
having $since::date is null or max(files.processed_at) >= $since::date
order by min(files.file_id)
