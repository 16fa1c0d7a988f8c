-- one row per feeder, or `total`, and interval whose value failed a rule or is suspect by one; all
-- other known values passed, or were not validated (validated_readings)

with

failed as (
    select
        feeder,
        interval_start_at,
        'failed' as status,
        {{ failed_code('reason') }} as code,
        {{ failed_rule('reason') }} as rule
    from {{ ref('implausible_intervals') }}
),

suspect as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        'suspect' as status,
        runs.code,
        min(runs.rule) as rule
    from {{ ref('feeder_profiles') }} as profiles
    inner join {{ ref('validated_runs') }} as runs
        on
            profiles.feeder = runs.feeder
            and profiles.interval_start_at >= runs.from_at
            and profiles.interval_start_at < runs.until_at
    where runs.severity = 'warn' and profiles.mw_net is not null
    group by profiles.feeder, profiles.interval_start_at, runs.code
),

suspect_kva as (
    select
        kva.feeder,
        kva.interval_start_at,
        'suspect' as status,
        '2.5.258' as code,
        'implausible_kva' as rule
    from {{ ref('implausible_kva') }} as kva
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

-- what failed is suspect no longer
select
    feeder,
    interval_start_at,
    status,
    code,
    rule
from everything
qualify
    row_number() over (
        partition by feeder, interval_start_at order by case status when 'failed' then 1 else 2 end
    ) = 1
