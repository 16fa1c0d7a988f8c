insert into raw.register_reads
select accepted.file_id, reads.* exclude (file_no)
from register_rows as reads
inner join (select unnest(?) as file_no, unnest(?) as file_id) as accepted using (file_no)
