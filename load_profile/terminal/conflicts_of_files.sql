select new_file_id, old_file_id, new_file_name, old_file_name, different_intervals, decided_by
from file_conflicts
where new_file_id <> old_file_id
order by new_file_id, old_file_id
