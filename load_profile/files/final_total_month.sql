-- one row: the lines of a month (UTC) of final values: all feeders in the order of $feeders, and
-- the three totals
with

totals as (
    select * from final_totals
    where interval_start_at >= $month and interval_start_at < $next_month
),

feeders as (
    select unnest($feeders) as feeder, generate_subscripts($feeders, 1) as place
),

changed as (
    select interval_start_at, feeder, max(mw_net) as mw_net, max(status) as status
    from final_members
    where interval_start_at >= $month and interval_start_at < $next_month
    group by interval_start_at, feeder
),

members as (
    select interval_start_at, feeder, {member_cells} as cells
    from (
        select interval_start_at, feeder, mw_net,
            case when mw_net is null then 'M' else 'A' end as status
        from member_profiles
        anti join changed using (interval_start_at, feeder)
        where interval_start_at >= $month and interval_start_at < $next_month
        union all
        select interval_start_at, feeder, mw_net, status from changed
    )
),

-- few intervals lack a feeder: only there is one looked for
holed as (
    select interval_start_at
    from totals
    left join members using (interval_start_at)
    group by interval_start_at
    having count(members.feeder) < len($feeders)
),

cells as (
    select interval_start_at, place, cells
    from members
    inner join feeders using (feeder)
    union all
    select interval_start_at, place, ',' as cells
    from (from holed cross join feeders)
    anti join members using (interval_start_at, feeder)
),

side_by_side as (
    select interval_start_at, array_to_string(list(cells order by place), ',') as cells
    from cells
    group by interval_start_at
),

lines as (
    select interval_start_at, {line} as line
    from totals
    inner join side_by_side using (interval_start_at)
)

select encode(array_to_string(list(line order by interval_start_at), chr(10)) || chr(10))
from lines
