-- one row per decision on record

with

decisions as (
    select * from {{ source('raw', 'decisions') }}
),

revocations as (
    select
        revokes,
        min(decision) as revoked_by
    from decisions
    where revokes is not null
    group by revokes
)

select
    decisions.decision,
    decisions.decided_at,
    decisions.who,
    decisions.why,
    decisions.action,
    decisions.feeder,
    decisions.first_start as first_start_at,
    decisions.until as until_at,
    decisions.channel,
    decisions.value,
    decisions.revokes,
    decisions.rule,
    decisions.expires as expires_on,
    revocations.revoked_by,
    decisions.action <> 'revoke'
    and revocations.revoked_by is null
    and coalesce(decisions.expires >= cast(current_timestamp as date), true) as is_in_force
from decisions
left join revocations on decisions.decision = revocations.revokes
