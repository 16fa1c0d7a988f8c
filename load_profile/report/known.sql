-- one row per gap or finding that a decision in force acknowledges
select
    decision as "number",
    item.feeder,
    item.rule as "known",
    item.first_at as "from",
    item.last_at as "until",
    item.evidence,
    who,
    why,
    expires_on as "asked for again after"
from (
    select feeder, 'gap' as rule, on_clock(gap_start_at) as first_at,
        on_clock(gap_end_at) as last_at, missing_intervals || ' intervals missing' as evidence,
        decision
    from acknowledged_gaps
    union all
    select feeder, rule, first_date, last_date + interval 1 day, evidence, acknowledged_by
    from findings
    where acknowledged_by is not null
) as item
inner join decisions using (decision)
order by decision, first_at, item.feeder, evidence
