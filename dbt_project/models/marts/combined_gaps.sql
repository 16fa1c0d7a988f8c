-- one row per maximal run of system intervals whose total is not known

with

unknown as (
    select
        *,
        {{ run_of() }} as run
    from {{ ref('combined_profiles') }}
    where mw_total is null
)

select
    min(interval_start_at) as gap_start_at,
    {{ dbt.dateadd('minute', 'interval_minutes', 'max(interval_start_at)') }} as gap_end_at,
    cast(count(*) as bigint) as missing_intervals,
    cast(count(*) * interval_minutes as bigint) as gap_minutes,
    interval_minutes,
    {{ to_local('min(interval_start_at)', 'timezone') }} as gap_start_local,
    {{ to_local(dbt.dateadd('minute', 'interval_minutes', 'max(interval_start_at)'), 'timezone') }}
        as gap_end_local
from unknown
group by interval_minutes, timezone, run
