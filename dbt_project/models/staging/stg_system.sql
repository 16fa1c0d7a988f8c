-- one row: what holds for all feeders together

select
    -- the longest interval of any feeder: totals cannot be finer
    max(interval_minutes) as interval_minutes,
    -- and on its grid
    max_by(grid_shift_minutes, (interval_minutes, grid_shift_minutes)) as grid_shift_minutes,
    '{{ var("net_convention") }}' as net_convention,
    coalesce(
        nullif('{{ var("system_timezone") }}', ''),
        case when count(distinct timezone) = 1 then min(timezone) else 'UTC' end
    ) as timezone
from {{ ref('stg_meter_data') }}
