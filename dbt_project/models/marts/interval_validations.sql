-- one row per feeder, or `total`, and interval whose value failed a rule or is suspect by one, or
-- was accepted though one named it; all other known values passed, or were not validated
-- (validated_readings)

with

failed as (
    select
        feeder,
        interval_start_at,
        'failed' as status,
        {{ failed_code('reason') }} as code,
        {{ failed_rule('reason') }} as rule,
        null as accepted_by
    from {{ ref('implausible_intervals') }}
    union all
    select
        feeder,
        interval_start_at,
        'failed' as status,
        null as code,
        {{ failed_rule('reason') }} as rule,
        accepted_by
    from {{ ref('doubted_intervals') }}
    where quantity = 'mw' and accepted_by is not null
),

acceptances as (
    select
        feeder,
        first_start_at,
        until_at,
        decision
    from {{ ref('decisions') }}
    where
        action = 'accept' and is_in_force
        and substr(coalesce(channel, 'mw_'), 1, 3) = 'mw_'
),

suspect as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        'suspect' as status,
        runs.code,
        min(runs.rule) as rule,
        max(acceptances.decision) as accepted_by
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ ref('validated_runs') }} as runs
        on
            profiles.feeder = runs.feeder
            and profiles.interval_start_at >= runs.from_at
            and profiles.interval_start_at < runs.until_at
    left join acceptances
        on
            profiles.feeder = acceptances.feeder
            and profiles.interval_start_at >= acceptances.first_start_at
            and profiles.interval_start_at < acceptances.until_at
    where runs.severity = 'warn' and profiles.mw_net is not null
    group by profiles.feeder, profiles.interval_start_at, runs.code
),

kva as (
    select
        feeder,
        interval_start_at,
        null as accepted_by
    from {{ ref('implausible_kva') }}
    union all
    select
        feeder,
        interval_start_at,
        accepted_by
    from {{ ref('doubted_intervals') }}
    where quantity = 'mva' and accepted_by is not null
),

suspect_kva as (
    select
        kva.feeder,
        kva.interval_start_at,
        'suspect' as status,
        '2.5.258' as code,
        'implausible_kva' as rule,
        kva.accepted_by
    from kva
    anti join suspect
        on kva.feeder = suspect.feeder and kva.interval_start_at = suspect.interval_start_at
),

everything as (
    select * from failed
    union all
    select * from suspect
    union all
    select * from suspect_kva
)

-- what failed is suspect no longer; what was accepted for one rule may fail by another
select
    feeder,
    interval_start_at,
    rule,
    cast(accepted_by as bigint) as accepted_by,
    case when accepted_by is null then status else 'accepted' end as status,
    case when accepted_by is null then code else '3.10.1' end as code
from everything
qualify
    row_number() over (
        partition by feeder, interval_start_at
        order by
            case when accepted_by is null then 1 else 2 end,
            case status when 'failed' then 1 else 2 end
    ) = 1
