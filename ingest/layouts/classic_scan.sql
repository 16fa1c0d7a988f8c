-- a template: what is in braces comes from the way to read and from the header
insert into classic_lines
with
lines as ({source}),

typed as (
    select
        *,
        record_in({record_no}) as record_no,
        text_in({event_type}) as event_type,
        text_in({serial_no}) as serial_no,
        time_in({start_local}) as start_local,
        time_in({end_local}) as end_local,
        {values}
    from lines
),

judged as (
    select
        *,
        {is_blank} as is_blank,
        start_local is null or end_local is null or record_no is null
        or {is_torn} or {unread} as is_bad
    from typed
)

select
    file_no,
    record_no,
    event_type,
    start_local,
    end_local,
    -- six decimals are enough for nearly every meter, and the models multiply them in a fraction
    -- of the time; a row with a longer value keeps all of its digits beside them
    del_raw::decimal(18, 6),
    rec_raw::decimal(18, 6),
    kva_del_raw::decimal(18, 6),
    kva_rec_raw::decimal(18, 6),
    kvar_del_raw::decimal(18, 6),
    kvar_rec_raw::decimal(18, 6),
    {long_values},
    is_blank,
    case when is_bad and not is_blank then {bad_cells} end as bad_cells,
    serial_no
from judged
