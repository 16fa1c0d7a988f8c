-- one row per feeder: how much of the time net power is measured, edited, estimated or missing
with
expected as (
    select feeder, count(*) as interval_count
    from (
        select feeder from feeder_profiles
        union all
        select feeder from missing_intervals
    )
    group by feeder
),
others as (
    select
        feeder,
        count(*) filter (status = 'E') as edited_count,
        count(*) filter (status = 'S') as estimated_count,
        count(*) filter (status = 'M') as missing_count
    from final_exceptions
    group by feeder
)
select
    feeder,
    interval_count as "intervals",
    100 * (
        interval_count - coalesce(edited_count + estimated_count + missing_count, 0)
    ) / interval_count as "actual (%)",
    100 * coalesce(edited_count, 0) / interval_count as "edited (%)",
    100 * coalesce(estimated_count, 0) / interval_count as "estimated (%)",
    100 * coalesce(missing_count, 0) / interval_count as "missing (%)"
from expected
left join others using (feeder)
order by "actual (%)", feeder
