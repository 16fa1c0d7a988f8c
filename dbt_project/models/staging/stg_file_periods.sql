-- one row per accepted file and stretch of its time with one meter-data row and one offset to UTC

-- small, and read by every step after it
{{ config(materialized="table") }}

{% set of_meter = [
    'feeder', 'meter', 'meter_data_row', 'interval_minutes', 'timezone', 'mw_factor',
    'total_factor', 'grid_shift_minutes', 'valid_from_at', 'valid_to_at',
] %}
{% set of_clock = [
    'utc_offset_minutes', 'second_offset_minutes', 'is_skipped', 'change_at', 'change_minutes',
] %}

with

files as (
    select
        files.file_id,
        files.feeder as feeder_key,
        files.accepted_seq,
        files.release_of,
        min(months.min_start_local) as min_start_local,
        max(months.max_end_local) as max_end_local
    from {{ source('raw', 'files') }} as files
    inner join {{ source('raw', 'file_months') }} as months on files.file_id = months.file_id
    left join {{ source('raw', 'files') }} as withdrawn
        on files.file_id = withdrawn.release_of and withdrawn.outcome = 'withdrawn'
    where withdrawn.file_id is null
    group by files.file_id, files.feeder, files.accepted_seq, files.release_of
),

periods as (
    select
        files.*,
        meters.{{ of_meter | join(', meters.') }},
        clocks.{{ of_clock | join(', clocks.') }},
        clocks.period_from as clock_from,
        clocks.period_to as clock_to,
        meters.channel_unit like '%h' as is_energy,
        greatest(
            files.min_start_local,
            coalesce(meters.valid_from, files.min_start_local),
            clocks.period_from
        ) as period_from,
        least(
            files.max_end_local, coalesce(meters.valid_to, files.max_end_local), clocks.period_to
        ) as period_to
    from files
    inner join {{ ref('stg_meter_data') }} as meters on files.feeder_key = meters.feeder_key
    inner join {{ ref('stg_clock_periods') }} as clocks
        on
            meters.timezone = clocks.timezone
            and files.min_start_local < clocks.period_to
            and files.max_end_local > clocks.period_from
),

-- its time in UTC, as wide as it can be where an hour is repeated
placed as (
    select
        *,
        {{ widest_in_utc('period_from', 'period_to') }}
    from periods
    where period_from < period_to
),

-- in whole intervals, as a reading of a clock that is a little off belongs to one
file_spans as (
    select
        file_id,
        feeder,
        min({{ floor_to_grid('period_from_at', 'grid_shift_minutes', 'interval_minutes') }})
            as file_from_at,
        max({{ floor_to_grid(
            dbt.dateadd('second', 'interval_minutes * 60 - 1', 'period_to_at'),
            'grid_shift_minutes', 'interval_minutes'
        ) }}) as file_to_at,
        bool_or(second_offset_minutes is not null or is_skipped or release_of is not null)
            as may_repeat_itself
    from placed
    group by file_id, feeder
),

-- only files that meet another of their feeder, or themselves, need a ranking of their rows
neighbours as (
    select
        file_id,
        feeder,
        may_repeat_itself
        or coalesce(file_from_at < max(file_to_at) over (
            partition by feeder order by file_from_at, file_to_at, file_id
            rows between unbounded preceding and 1 preceding
        ), false)
        or coalesce(file_to_at > min(file_from_at) over (
            partition by feeder order by file_from_at, file_to_at, file_id
            rows between 1 following and unbounded following
        ), false) as is_contested
    from file_spans
)

select
    placed.file_id,
    placed.feeder_key,
    placed.accepted_seq,
    placed.is_energy,
    placed.period_from,
    placed.period_to,
    placed.period_from_at,
    placed.period_to_at,
    placed.clock_from,
    placed.clock_to,
    placed.{{ (of_meter + of_clock) | join(', placed.') }},
    neighbours.is_contested,
    placed.min_start_local < placed.clock_from as has_rows_before,
    placed.max_end_local > placed.clock_to as has_rows_after
from placed
inner join neighbours on placed.file_id = neighbours.file_id and placed.feeder = neighbours.feeder
