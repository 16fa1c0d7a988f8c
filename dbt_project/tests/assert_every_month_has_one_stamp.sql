-- A month without a fingerprint would silently be missing from lp/*.csv.
{{ config(meta={"dagster": {"ref": {"name": "output_stamps"}}}) }}

with

months as (
    select distinct
        feeder,
        month_start_at
    from {{ ref('file_uses') }}
    union all
    select distinct
        'total' as feeder,
        date_trunc('month', interval_start_at) as month_start_at
    from {{ ref('combined_profiles') }}
)

select
    months.feeder,
    months.month_start_at,
    count(stamps.stamp) as stamp_count
from months
left join {{ ref('output_stamps') }} as stamps
    on
        months.feeder = stamps.feeder
        and months.month_start_at = stamps.month_start_at
group by months.feeder, months.month_start_at
having count(stamps.stamp) <> 1
