-- one row per feeder and run of zeros of a day and more, while no outage was recorded

select
    feeder,
    run_start_at,
    run_end_at,
    interval_count,
    {{ dbt.datediff('run_start_at', 'run_end_at', 'minute') }} as minutes
from {{ ref('whole_runs') }}
where
    del_raw = 0
    and rec_raw = 0
    and outage_count = 0
    and {{ dbt.datediff('run_start_at', 'run_end_at', 'minute') }} >= {{ var('zero_run_minutes') }}
