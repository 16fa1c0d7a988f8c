-- one row per finding that nobody has acknowledged
select
    severity,
    rule,
    feeder,
    first_date as "from",
    last_date as "to",
    evidence,
    meaning as "what to check"
from findings
where acknowledged_by is null
order by severity, feeder <> 'total', feeder, first_date, last_date, rule, evidence
