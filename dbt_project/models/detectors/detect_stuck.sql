-- A meter, or the line to it, that repeats one value.
-- Rule, source and how often it fires: docs/rules.md#stuck

select
    'warn' as severity,
    stuck.feeder,
    min({{ local_day('stuck.run_start_at') }}) as first_date,
    max({{ local_day(dbt.dateadd('minute', '-1', 'stuck.run_end_at')) }}) as last_date,
    {{ counted('count(*)', 'run') }}
    || ' of {{ var("stuck_intervals") }} or more intervals with one '
    || 'value, the longest of ' || {{ shown('max(stuck.interval_count)') }} || ' at '
    || max_by(cast(
        {{ to_local('stuck.run_start_at', 'system.timezone') }} as string
    ), (stuck.interval_count, -{{ microseconds('stuck.run_start_at') }})) as evidence,
    'the meter or what reads it may have stood still: compare with its display or a neighbour'
        as meaning
from {{ ref('stuck_runs') }} as stuck
cross join {{ ref('stg_system') }} as system
group by stuck.feeder
