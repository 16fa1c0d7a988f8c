-- a later row of the ledger takes a file out of use
insert into raw.files by name
select * replace (
    $id as file_id, 'withdrawn' as outcome, $now as processed_at, $now as filed_at,
    null as accepted_seq, null as letter, null as precedence, null as problem_code,
    $of as release_of, $why as release_reason,
    'no longer used: ' || $why as reason
)
from raw.files where file_id = $of
