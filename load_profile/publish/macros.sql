-- the causes that rows name, each once, in the order of the alphabet
create or replace temp macro each_once(cause) as array_to_string(list_sort(list_distinct(flatten(
    list(string_split(cause, ', ')) filter (where cause is not null)
))), ', ');
-- whether a change is listed interval by interval; what is new is counted only
create or replace temp macro is_listed(is_changed, cause, feeder, was_there) as
    is_changed and cause <> 'new file' and not (feeder = 'total' and not was_there);
