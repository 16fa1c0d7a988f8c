-- one row per feeder, or `total`, and rule, and for each thing that the rule found: what was looked
-- at, what it found and why it could not look

{% set rules = [
    'energy_unit', 'above_rating', 'step', 'kva_below_kw', 'swap', 'clock', 'stuck', 'spike',
    'zero_run', 'other_unit', 'interval_length', 'unclear_time', 'outside_periods', 'period_hole',
    'quiet', 'clock_offset', 'negative', 'out_of_range', 'equal_files', 'repeated_day', 'register',
    'unit_step', 'implausible', 'implausible_kva', 'kva_above_kw', 'kva_kvar_conflict', 'event_word',
    'register_check',
] %}

with

runs as (
    select * from {{ ref('validated_runs') }}
),

found as (
    select
        runs.feeder,
        runs.rule,
        runs.severity,
        runs.code,
        runs.from_at,
        runs.until_at,
        runs.interval_count,
        runs.evidence,
        runs.threshold_mw,
        max(decisions.decision) as acknowledged_by
    from runs
    left join {{ ref('decisions') }} as decisions
        on
            runs.feeder = decisions.feeder
            and runs.from_at >= decisions.first_start_at
            and runs.until_at <= decisions.until_at
            and decisions.is_in_force
            and {{ is_known_by('runs.rule', 'decisions') }}
    group by
        runs.feeder, runs.rule, runs.severity, runs.code, runs.from_at, runs.until_at,
        runs.interval_count, runs.evidence, runs.threshold_mw
    union all
    select
        findings.feeder,
        findings.rule,
        findings.severity,
        case
            when findings.severity = 'warn' then '2.5.258'
            when findings.rule in ('above_rating', 'out_of_range') then '3.6.3'
            else '3.6.0'
        end as code,
        {{ to_utc('cast(findings.first_date as timestamp)', 'system.timezone') }} as from_at,
        {{ to_utc('cast(findings.last_date + 1 as timestamp)', 'system.timezone') }} as until_at,
        null as interval_count,
        findings.evidence,
        null as threshold_mw,
        findings.acknowledged_by
    from {{ ref('findings') }} as findings
    cross join {{ ref('stg_system') }} as system
    -- what a rule says of its runs one by one is not said again of all together
    anti join runs on findings.feeder = runs.feeder and findings.rule = runs.rule
),

rules as (
    {% for rule in rules -%}
        select '{{ rule }}' as rule
        {{ "union all" if not loop.last }}
    {% endfor %}
),

feeders as (
    select distinct feeder from {{ ref('feeder_days') }}
    where feeder <> 'total'
),

looked as (
    select
        feeders.feeder,
        rules.rule,
        needs.reason
    from feeders
    cross join rules
    left join {{ ref('rule_needs') }} as needs
        on feeders.feeder = needs.feeder and rules.rule = needs.rule
),

without_finding as (
    select looked.*
    from looked
    anti join found on looked.feeder = found.feeder and looked.rule = found.rule
)

select
    feeder,
    rule,
    'evaluated' as evaluation,
    cast(null as string) as skipped_because,
    severity,
    code,
    from_at,
    until_at,
    cast(interval_count as bigint) as interval_count,
    evidence,
    threshold_mw,
    cast(acknowledged_by as bigint) as acknowledged_by
from found
union all
select
    feeder,
    rule,
    case when reason is null then 'evaluated' else 'skipped' end as evaluation,
    reason as skipped_because,
    cast(null as string) as severity,
    cast(null as string) as code,
    cast(null as timestamp) as from_at,
    cast(null as timestamp) as until_at,
    cast(null as bigint) as interval_count,
    cast(null as string) as evidence,
    cast(null as double) as threshold_mw,
    cast(null as bigint) as acknowledged_by
from without_finding
