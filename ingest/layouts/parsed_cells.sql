-- one row per value of a channel that a part uses. What a file has twice is its first and its second
-- row of that time, each with what the other channels have for the first and the second time.
create or replace temp table parsed_cells as
with
cells as (
    select
        own.file_no,
        own.point_no,
        own.quantity,
        own.quantity_no,
        own.channel,
        -- the place in the file as one number
        found.line * 1048576 + found.position as place,
        found.start as start_at,
        found."end" as end_at,
        found.value as text,
        case
            when regexp_full_match(found.value, '[+-]?(\d{1,9}(\.\d{0,18})?|\.\d{1,18})')
                then try_cast(found.value as decimal(27, 18))
        end as read_value,
        found.status,
        factors.seconds,
        factors.factor
    from parsed_values as found
    inner join own_channels as own on found.channel = own.channel
    left join own_factors as factors
        on
            own.file_no = factors.file_no
            and own.channel = factors.channel
            and cast(epoch(found."end" - found.start) as bigint) = factors.seconds
),

in_declared_unit as (
    select
        * exclude (factor),
        case
            when seconds is null then read_value
            when read_value * factor = try_cast(read_value * factor as decimal(27, 18))
                then try_cast(read_value * factor as decimal(27, 18))
        end as value
    from cells
)

select
    *,
    row_number() over (
        partition by file_no, point_no, quantity, start_at, end_at
        order by place
    ) as occurrence
from in_declared_unit
