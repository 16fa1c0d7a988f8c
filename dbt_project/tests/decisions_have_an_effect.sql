-- A decision in force that has no effect was made for the wrong feeder, time or channel, or a later
-- one holds in its place everywhere. What an acknowledgement was for may have grown: then it is
-- asked for again.
{{ config(severity="warn", meta={"dagster": {"ref": {"name": "decisions"}}}) }}

with

effective as (
    select decision from {{ ref('edited_values') }}
    union
    select accepted_by as decision from {{ ref('interval_validations') }}
    union
    select acknowledged_by as decision from {{ ref('validations') }}
    union
    select decision from {{ ref('acknowledged_gaps') }}
)

select
    {{ decision_in_words('decisions') }} || case
        when decisions.action = 'accept' then ' accepts no value that a rule names'
        when decisions.rule = 'gap' then ' acknowledges no gap: none lies wholly in it'
        when decisions.action = 'acknowledge'
            then ' acknowledges nothing: no finding of ' || decisions.rule || ' lies wholly in it'
        else ' edits no value'
    end as words,
    'load-profile decide revoke ' || cast(decisions.decision as string)
    || ', or look which later decision holds: load-profile why FEEDER "START"' as advice
from {{ ref('decisions') }} as decisions
left join effective on decisions.decision = effective.decision
where decisions.is_in_force and effective.decision is null
