-- one row per data line. A line with more or fewer cells than the header has no value that can be
-- trusted: a comma too many moves every number after it.
create or replace temp table series_rows as
with
lines as (
    select
        unnest(string_split($text, chr(10))) as line,
        generate_subscripts(string_split($text, chr(10)), 1) as line_no
),

split_lines as (
    select
        line_no,
        line,
        case
            when contains(line, '"')
                then regexp_extract_all(line || ',', '(?:\s*"(?:[^"]|"")*"\s*|[^,]*),')
            else string_split(line, ',')
        end as cells
    from lines
    where line_no > $header_line and translate(line, ', "' || chr(9), '') <> ''
),

picked as (
    select
        line_no,
        line,
        len(cells) < $named or array_to_string(
            [cell_text(extra) for extra in cells[$width + 1:]], ''
        ) <> '' as is_ragged,
        coalesce(cell_text(cells[$time_column]), '') as time_text,
        coalesce(cell_text(cells[$value_column]), '') as value_text,
        case
            when $minus_column::integer is null then '0'
            else coalesce(cell_text(cells[$minus_column::integer]), '')
        end as minus_text
    from split_lines
),

parsed as (
    select
        *,
        offset_in(time_text) as utc_offset,
        number_in(value_text) - number_in(minus_text) as net,
        (number_in(value_text) is null and not is_unknown(value_text))
        or (number_in(minus_text) is null and not is_unknown(minus_text)) as is_no_number
    from picked
)

select
    line_no,
    time_text,
    epoch_us(
        clock_time_in(left(time_text, length(time_text) - length(utc_offset)))
        - to_minutes(minutes_of(utc_offset))
    ) as start_us,
    utc_offset <> '' as has_offset,
    case when not is_ragged then net::double end as mw_net,
    is_ragged or is_no_number as is_unreadable,
    case
        when is_ragged then line
        when $minus_column::integer is null then value_text
        else value_text || ' and ' || minus_text
    end as shown_value
from parsed
