-- one row per feeder, or `total`, and interval with a value that no peak may rest on and that no
-- decision accepts; doubted_intervals has the reasons
--   member      of the total: the value of a feeder in it is one of these

with

system as (
    select * from {{ ref('stg_system') }}
),

doubted as (
    select * from {{ ref('doubted_intervals') }}
    where quantity = 'mw' and accepted_by is null
),

totals as (
    select distinct total_start_at as interval_start_at
    from doubted
    where total_start_at is not null
),

everything as (
    select
        feeder,
        interval_start_at,
        interval_minutes,
        reason,
        limit_mw,
        mw_net,
        file_id,
        line_number
    from doubted
    union all
    select
        'total' as feeder,
        profiles.interval_start_at,
        profiles.interval_minutes,
        'member' as reason,
        null as limit_mw,
        profiles.mw_total as mw_net,
        null as file_id,
        null as line_number
    from {{ ref('combined_profiles') }} as profiles
    inner join totals on profiles.interval_start_at = totals.interval_start_at
    where profiles.mw_total is not null and profiles.can_be_peak
)

select
    everything.feeder,
    everything.interval_start_at,
    cast(everything.interval_minutes as bigint) as interval_minutes,
    {{ to_local('everything.interval_start_at', 'system.timezone') }} as start_local,
    {{ local_day('everything.interval_start_at') }} as local_date,
    everything.reason,
    cast(everything.mw_net as decimal(38, 18)) as mw_net,
    everything.limit_mw,
    everything.file_id,
    everything.line_number
from everything
cross join system
