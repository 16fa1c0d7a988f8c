-- Files in use that hold other values for the same intervals, two files of one name by number and
-- place; and files that have some twice: these as long as a peak may rest on the later line, for a
-- release is before the run.
select
    feeder,
    new_name as "file that counts",
    old_name as "other file",
    different_intervals as "intervals with other values",
    shared_intervals as "intervals in both",
    first_start_local as "first",
    last_start_local as "last",
    new_mwh::double as "net energy (MWh)",
    old_mwh::double as "in the other (MWh)",
    new_peak_mw::double as "peak (MW)",
    old_peak_mw::double as "in the other (MW)",
    round(factor, 6) as "factor",
    decided_by as "why it counts",
    case
        when new_file_id <> old_file_id
            then 'load-profile withdraw ' || new_stored_as || ' --reason ...'
        else 'withdraw the file, take the wrong lines out of it and drop it again'
    end as "to prefer the other"
from (
    select
        conflicts.*,
        new_file_id <> old_file_id and new_file_name = old_file_name as is_same_name,
        case when is_same_name then 'file #' || new_file_id || ' ' || new_stored_as
            else new_file_name end as new_name,
        case when is_same_name then 'file #' || old_file_id || ' ' || old.stored_as
            else old_file_name end as old_name
    from file_conflicts as conflicts
    inner join raw.files as old on conflicts.old_file_id = old.file_id
)
where accepted_at >= ? or (new_file_id = old_file_id and new_peak_mw > old_peak_mw)
order by feeder, new_file_id, old_file_id
