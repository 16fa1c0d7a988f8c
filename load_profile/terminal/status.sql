select files.file_id, files.processed_at, files.outcome, files.file_name, files.row_count,
    files.reason, files.release_reason,
    coalesce(reviewed.stored_as, closing.stored_as, files.stored_as),
    case when reviewed.outcome = 'withdrawn' then reviewed.file_id end,
    case when reviewed.file_id is null then files.closed_by end,
    case when files.point is not null then files.feeder end, files.notes
from raw.files as files
left join raw.files as reviewed on reviewed.release_of = files.file_id
left join raw.files as closing
    on files.closed_by = closing.file_id
        and files.sha256 = closing.sha256 and files.feeder = closing.feeder
where contains(lower(files.file_name), lower($name))
order by files.file_id desc
limit $most
