-- one row per feeder and month (UTC) of $feeders and $months: its lines, encoded, since a text
-- need not be decoded first and then encoded. Feeders whose names follow each other are side by
-- side, as files are read by name: all others need not be read.
with

wanted as (
    select unnest($feeders) as feeder, unnest($months) as month_start_at
),

lines as (
    select
        feeder,
        interval_start_at,
        month_start_at,
        {line} as line
    from (select *, date_trunc('month', interval_start_at) as month_start_at from {table})
    inner join wanted using (feeder, month_start_at)
    where interval_start_at >= $first_month and feeder between $first_feeder and $last_feeder
)

select feeder, month_start_at,
    encode(array_to_string(list(line order by interval_start_at), chr(10)) || chr(10))
from lines
group by feeder, month_start_at
