-- one row per file with two reads of one register at one time that differ: the first of them
with
reads as (
    unpivot register_rows
    on columns('_(del|rec)$') into name channel value digits
),

conflicts as (
    select
        reads.file_no,
        reads.line_number,
        earlier.line_number as first_line,
        reads.meter,
        reads.read_at_local,
        reads.channel,
        earlier.digits as first_digits,
        reads.digits
    from reads
    inner join reads as earlier using (file_no, meter, read_at_local, channel)
    where earlier.line_number < reads.line_number
        and earlier.digits::decimal(18, 6) <> reads.digits::decimal(18, 6)
)

select
    file_no, line_number, first_line, meter, read_at_local, channel, first_digits, digits
from conflicts
qualify row_number() over (partition by file_no order by line_number, first_line, channel) = 1
order by file_no
