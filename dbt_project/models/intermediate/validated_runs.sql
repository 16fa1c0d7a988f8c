-- one row per feeder, rule and run of intervals in a row that the rule names: what it fails (no
-- peak rests on it) and what it calls suspect

{{ config(materialized="ephemeral") }}

with

implausible as (
    select
        *,
        {{ run_of(['feeder', 'reason', 'interval_minutes']) }} as run
    from {{ ref('doubted_intervals') }}
    where quantity = 'mw'
),

failed as (
    select
        feeder,
        {{ failed_rule('reason') }} as rule,
        'fail' as severity,
        {{ failed_code('reason') }} as code,
        min(interval_start_at) as from_at,
        max({{ dbt.dateadd('minute', 'interval_minutes', 'interval_start_at') }}) as until_at,
        count(*) as interval_count,
        reason || ': up to ' || {{ shown('max(abs(mw_net))', 3) }} || ' MW' as evidence,
        max(limit_mw) as threshold_mw
    from implausible
    group by feeder, reason, interval_minutes, run
)

select * from failed
union all
select
    days.feeder,
    'repeated_day' as rule,
    'warn' as severity,
    '2.5.258' as code,
    {{ to_utc('cast(days.local_date as timestamp)', 'system.timezone') }} as from_at,
    {{ to_utc('cast(days.local_date + 1 as timestamp)', 'system.timezone') }} as until_at,
    days.equal_count as interval_count,
    'the readings of ' || cast(days.earlier_date as string) as evidence,
    cast(null as double) as threshold_mw
from {{ ref('repeated_days') }} as days
cross join {{ ref('stg_system') }} as system
union all
select
    feeder,
    'stuck' as rule,
    'warn' as severity,
    '2.5.258' as code,
    run_start_at as from_at,
    run_end_at as until_at,
    interval_count,
    {{ shown('interval_count') }} || ' intervals at ' || {{ shown('kw', 2) }} || ' as read'
        as evidence,
    cast(null as double) as threshold_mw
from {{ ref('stuck_runs') }}
union all
select
    feeder,
    'zero_run' as rule,
    'warn' as severity,
    '2.5.258' as code,
    run_start_at as from_at,
    run_end_at as until_at,
    interval_count,
    {{ shown('interval_count') }} || ' intervals of 0' as evidence,
    cast(null as double) as threshold_mw
from {{ ref('zero_runs') }}
