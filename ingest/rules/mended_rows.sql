-- The rows of files with a sequence error, those at 00:00 with the date that they should carry. The
-- rows before and after show it, for a time at any other hour is never in doubt: what is wrong by a
-- day, no more and no less, is a slip. A whole row that only one neighbour calls wrong may as well
-- be beside a hole of a day: it counts where others are sure.
create or replace temp table mended_rows as
with
rows_in_order as (
    select
        *,
        mode(end_local - start_local) over (partition by file_no, feeder) as step,
        lag(start_local) over in_order as previous_start,
        lead(start_local) over in_order as next_start
    from irregular_rows
    where file_no in (select unnest(?)) and order_at is null
    window in_order as (
        partition by file_no, feeder
        order by line_number, position
    )
),

told as (
    select
        *,
        case
            when start_local::time <> '00:00:00' then start_local
            when previous_start + step <> next_start - step then null
            else coalesce(previous_start + step, next_start - step)
        end as true_start
    from rows_in_order
    where '00:00:00' in (start_local::time, end_local::time)
),

slips as (
    select
        file_no,
        feeder,
        line_number,
        position,
        true_start,
        true_start + step as true_end,
        true_start = start_local or true_end = end_local
        or (previous_start is not null and next_start is not null) as is_sure
    from told
    where (true_start <> start_local or true_end <> end_local)
        and abs(epoch(start_local - true_start)) in (0, 86400)
        and abs(epoch(end_local - true_end)) in (0, 86400)
    qualify bool_or(is_sure) over (partition by file_no, feeder)
)

select
    file_no,
    feeder,
    line_number,
    position,
    rows_in_order.record_no,
    coalesce(slips.true_start, rows_in_order.start_local) as start_local,
    coalesce(slips.true_end, rows_in_order.end_local) as end_local,
    rows_in_order.start_local as found_start,
    rows_in_order.end_local as found_end,
    order_at,
    slips.true_start is not null as is_slip
from rows_in_order
left join slips using (file_no, feeder, line_number, position)
