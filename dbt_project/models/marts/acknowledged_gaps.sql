-- one row per gap that a decision in force acknowledges from its first to its last interval

select
    gaps.feeder,
    gaps.gap_start_at,
    gaps.gap_end_at,
    gaps.missing_intervals,
    cast(max(decisions.decision) as bigint) as decision
from {{ ref('gaps') }} as gaps
inner join {{ ref('decisions') }} as decisions
    on
        gaps.feeder = decisions.feeder
        and gaps.gap_start_at >= decisions.first_start_at
        and gaps.gap_end_at <= decisions.until_at
where decisions.action = 'acknowledge' and decisions.rule = 'gap' and decisions.is_in_force
group by gaps.feeder, gaps.gap_start_at, gaps.gap_end_at, gaps.missing_intervals
