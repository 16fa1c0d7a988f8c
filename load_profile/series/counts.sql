-- one row: how many rows there are of each kind, the first and the last start
with
in_file_order as (
    select *, lag(start_us) over (order by line_no) as previous_us
    from series_rows
)

select
    count(*),
    count(*) filter (mw_net is null),
    count(*) filter (has_offset),
    count(*) - count(distinct start_us),
    count(*) filter (start_us < previous_us),
    count(*) filter (mw_net is not null),
    min(start_us),
    max(start_us)
from in_file_order
