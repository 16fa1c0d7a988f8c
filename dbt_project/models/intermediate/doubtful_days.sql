-- one row per feeder and day whose readings must be looked at: its power is out of proportion to
-- the feeder's other days, to its rating or to the rest of the day

{{ config(materialized="ephemeral") }}

with

days as (
    select
        *,
        cast(del_mj + rec_mj as double) as mj
    from {{ ref('feeder_days') }}
    where feeder <> 'total' and known_minutes > 0
),

-- of a day: what the interval of the highest power carries, and what all others do on average
measured as (
    select
        days.feeder,
        days.local_date,
        days.highest_mw,
        days.third_highest_mw,
        days.interval_minutes,
        rated.limit_mva,
        history.usual_mw,
        history.middle_mw,
        coalesce(history.day_count, 0) as day_count,
        days.mj / (days.known_minutes * 60) as mean_mw,
        (days.mj - days.highest_mw * days.interval_minutes * 60)
        / nullif((days.known_minutes - days.interval_minutes) * 60, 0) as rest_mw,
        lag(days.mj / (days.known_minutes * 60)) over (
            partition by days.feeder order by days.local_date
        ) as before_mw,
        coalesce(
            rated.limit_mva is null
            and history.day_count >= {{ var('usual_days') }}
            and days.highest_mw > {{ var('implausible_factor') }} * history.usual_mw, false
        ) as is_high,
        coalesce(
            rated.limit_mva is null
            and days.known_minutes >= 24 * days.interval_minutes
            and days.third_highest_mw > 0
            and days.highest_mw > 10 * days.third_highest_mw
            and days.highest_mw > 10 * coalesce(history.most_mw, 0), false
        ) as is_lone
    from days
    left join {{ ref('usual_power') }} as history on days.feeder = history.feeder
    left join {{ ref('rating_days') }} as rated
        on
            days.feeder = rated.feeder
            and days.local_date = rated.local_date
            and not rated.is_wrong
),

judged as (
    select
        *,
        is_high and sum(case when is_high then 1 else 0 end) over (
            partition by feeder order by local_date
            range between interval 14 days preceding and interval 14 days following
        ) <= 3 as is_spiky,
        coalesce(highest_mw > limit_mva, false) as is_over,
        coalesce(highest_mw > 3 * case
            when day_count < 3 then mean_mw else middle_mw
        end, false) as may_be_code,
        coalesce(third_highest_mw > 0 and highest_mw > 10 * third_highest_mw, false)
        and (
            coalesce(
                highest_mw * interval_minutes / 1440 between 0.8 * rest_mw and 1.25 * rest_mw, false
            )
            or coalesce(
                highest_mw * interval_minutes / 1440 between 0.8 * before_mw and 1.25 * before_mw,
                false
            )
        ) as is_day_total
    from measured
)

select * from judged
where is_spiky or is_lone or is_over or may_be_code or is_day_total
