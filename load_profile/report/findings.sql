-- one row per finding
select
    severity,
    rule,
    feeder,
    first_date as "from",
    last_date as "to",
    evidence,
    meaning as "what to check"
from findings
order by severity, feeder <> 'total', feeder, first_date, last_date, rule, evidence
