-- one row per feeder and UTC month with rows of accepted files; its fingerprint covers them

with

periods as (
    select * from {{ ref('stg_file_periods') }}
),

-- the part of a file's period that lies in one calendar month of its clock
parts as (
    select
        periods.*,
        greatest(months.min_start_local, periods.period_from) as part_from,
        least(months.max_end_local, periods.period_to) as part_to
    from periods
    inner join {{ source('raw', 'file_months') }} as months
        on
            periods.file_id = months.file_id
            and periods.period_to > months.min_start_local
            and periods.period_from < months.max_end_local
),

ends as (
    select
        *,
        {{ widest_in_utc('part_from', 'part_to') }}
    from parts
),

-- what ends as a month begins has no row in it; a month of a clock lies in two of UTC at most
touched as (
    select
        *,
        date_trunc('month', part_from_at) as month_start_at
    from ends
    union
    select
        *,
        date_trunc('month', case
            when part_to_at = date_trunc('month', part_to_at)
                then {{ dbt.dateadd('minute', '-1', 'part_to_at') }}
            else part_to_at
        end) as month_start_at
    from ends
),

-- all that decides what these rows become, but for the rows themselves, which never change
described as (
    select
        feeder,
        month_start_at,
        {{ joined([
            'file_id', 'accepted_seq', 'period_from', 'period_to', 'utc_offset_minutes',
            'second_offset_minutes', 'meter', 'interval_minutes', 'timezone', 'mw_factor',
            'total_factor', 'grid_shift_minutes', 'is_energy',
        ]) }} as description
    from touched
)

select
    feeder,
    month_start_at,
    md5({{ ordered_list('description') }}) as stamp
from described
group by feeder, month_start_at
