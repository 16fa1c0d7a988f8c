-- A gap only groups missing intervals: both must count the same per feeder, and the gaps of the
-- total must count the intervals without one.
{{ config(meta={"dagster": {"ref": {"name": "gaps"}}}) }}

with

counted as (
    select
        feeder,
        1 as missing,
        0 as in_gaps
    from {{ ref('missing_intervals') }}
    union all
    select
        feeder,
        0 as missing,
        missing_intervals as in_gaps
    from {{ ref('gaps') }}
    union all
    select
        'total' as feeder,
        1 as missing,
        0 as in_gaps
    from {{ ref('combined_profiles') }}
    where mw_total is null
    union all
    select
        'total' as feeder,
        0 as missing,
        missing_intervals as in_gaps
    from {{ ref('combined_gaps') }}
)

select
    feeder,
    sum(missing) as missing,
    sum(in_gaps) as in_gaps
from counted
group by feeder
having sum(missing) is distinct from sum(in_gaps)
