-- one row per feeder, direction, length of gap and method: how much is estimated by it, how well
with
power as (
    select
        *,
        date_diff('minute', gap_from_at, gap_until_at) as gap_minutes,
        case channel when 'mw_del' then 'delivered' else 'received' end as direction
    from estimates
    where channel in ('mw_del', 'mw_rec')
),
lengths as (
    select distinct class_minutes from estimation_errors
),
classed as (
    select
        power.*,
        (
            select min(class_minutes) from lengths where class_minutes >= power.gap_minutes
        ) as class_minutes
    from power
)
select
    feeder,
    direction,
    case
        when class_minutes is null then null
        when class_minutes < 2880 then class_minutes // 60 || ' h'
        else class_minutes // 1440 || ' days'
    end as "gaps up to",
    coalesce(replace(method, '_', ' '), 'no estimate: ' || refused_because) as "method",
    count(*) as "intervals",
    any_value(classed.mean_error_percent) as "measured error (% of mean load)",
    any_value(errors.mean_error_mw) as "measured error (MW)",
    any_value(-errors.error_p95_mw) as "90 % band from (MW)",
    any_value(-errors.error_p05_mw) as "to (MW)",
    any_value(errors.trial_count) as "trials"
from classed
left join estimation_errors as errors using (feeder, channel, class_minutes, method)
group by feeder, direction, class_minutes, method, refused_because
order by feeder, direction, class_minutes nulls last, "intervals" desc, "method"
