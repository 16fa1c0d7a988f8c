-- one row: the lines of a month (UTC) of the total and all its members, in the order of $feeders
with

combined as (
    select * from combined_profiles
    where interval_start_at >= $month and interval_start_at < $next_month
),

members as (
    select
        interval_start_at,
        feeder,
        {member_cells} as cells,
        {reactive_cells} as reactive_cells
    from member_profiles
    where interval_start_at >= $month and interval_start_at < $next_month
),

feeders as (
    select unnest($feeders) as feeder, generate_subscripts($feeders, 1) as place
),

-- few intervals lack a feeder: only there is one looked for
holed as (
    select interval_start_at
    from combined
    left join members using (interval_start_at)
    group by interval_start_at
    having count(members.feeder) < len($feeders)
),

cells as (
    select interval_start_at, feeder, place, cells, reactive_cells
    from members
    inner join feeders using (feeder)
    union all
    select interval_start_at, feeder, place, ',,' as cells, '' as reactive_cells
    from (from holed cross join feeders)
    anti join members using (interval_start_at, feeder)
),

side_by_side as (
    select
        interval_start_at,
        array_to_string(list(cells order by place), ',') as cells,
        {reactive} as reactive
    from cells
    group by interval_start_at
),

lines as (
    select
        interval_start_at,
        {line} as line
    from combined
    inner join side_by_side using (interval_start_at)
)

select encode(array_to_string(list(line order by interval_start_at), chr(10)) || chr(10))
from lines
