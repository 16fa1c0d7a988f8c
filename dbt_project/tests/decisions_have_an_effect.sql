-- A decision in force that edits no value was made for the wrong feeder, time or channel, or a
-- later one holds in its place everywhere.
{{ config(severity="warn", meta={"dagster": {"ref": {"name": "edited_values"}}}) }}

select
    'decision ' || cast(decisions.decision as string) || ' (' || decisions.action || ' '
    || decisions.feeder || ' from ' || {{ to_the_minute('decisions.first_start_at') }} || ' to '
    || {{ to_the_minute('decisions.until_at') }} || ' UTC'
    || coalesce(', ' || decisions.channel, '') || ') edits no value' as words,
    'load-profile decide revoke ' || cast(decisions.decision as string)
    || ', or look which later decision holds: load-profile why FEEDER "START"' as advice
from {{ ref('decisions') }} as decisions
left join {{ ref('edited_values') }} as edited on decisions.decision = edited.decision
where decisions.is_in_force and edited.decision is null
