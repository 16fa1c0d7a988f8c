-- one row per feeder, or `total`, and interval with an apparent power that no peak may rest on and
-- that no decision accepts, while its active power may be right; doubted_intervals has the reasons
--   member      of the total: the value of a feeder in it is one of these

with

doubted as (
    select * from {{ ref('doubted_intervals') }}
    where quantity = 'mva' and accepted_by is null
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
        reason,
        cast(mva_gross as decimal(38, 18)) as mva,
        file_id,
        line_number
    from doubted
    union all
    select
        'total' as feeder,
        profiles.interval_start_at,
        'member' as reason,
        profiles.mva_total as mva,
        null as file_id,
        null as line_number
    from {{ ref('combined_profiles') }} as profiles
    inner join totals on profiles.interval_start_at = totals.interval_start_at
    where profiles.mva_total is not null and profiles.can_be_peak
)

select
    everything.feeder,
    everything.interval_start_at,
    {{ to_local('everything.interval_start_at', 'system.timezone') }} as start_local,
    {{ local_day('everything.interval_start_at') }} as local_date,
    everything.reason,
    everything.mva,
    everything.file_id,
    everything.line_number
from everything
cross join {{ ref('stg_system') }} as system
