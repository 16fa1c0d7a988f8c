-- one row per feeder, or `total`, and day with a reading or a missing interval: what
-- planner_figures adds up, without what is implausible

{{ config(materialized="ephemeral") }}

{#- named one by one: on Spark a table by parts has a column more, the part -#}
{%- set figures = [
    'feeder', 'local_date', 'total_factor', 'on_grid_count', 'on_grid_minutes', 'actual_count',
    'actual_minutes', 'evaluated_minutes', 'evaluated_seconds', 'del_mj', 'rec_mj', 'net_mj',
    'gross_mj', 'del_mvars', 'rec_mvars', 'net_mvars', 'unpaired_count', 'load_mj', 'w2_seconds', 'active_mj', 'apparent_mj', 'peak_mw', 'peak_at',
    'peak_count', 'min_mw', 'min_at', 'min_count', 'peak_mva', 'peak_mva_at', 'peak_mva_pf',
    'peak_mva_gross', 'peak_30min_mw', 'peak_60min_mw',
] %}

with

ratings as (
    select
        feeder,
        rating_mva,
        coalesce(valid_from_at, timestamp '0001-01-01') as from_at,
        coalesce(valid_to_at, timestamp '9999-01-01') as to_at
    from {{ ref('stg_meter_data') }}
    where rating_mva is not null
),

-- where a value is implausible, the day without it
plausible as (
    select
        days.{{ figures | join(',\n        days.') }}
    from {{ ref('feeder_days') }} as days
    anti join {{ ref('plausible_days') }} as others
        on days.feeder = others.feeder and days.local_date = others.local_date
    union all
    select
        {{ figures | join(',\n        ') }}
    from {{ ref('plausible_days') }}
),

implausible as (
    select
        feeder,
        local_date,
        count(*) as implausible_count
    from {{ ref('implausible_intervals') }}
    group by feeder, local_date
)

select
    days.*,
    measured.peak_mw as measured_peak_mw,
    measured.peak_at as measured_peak_at,
    measured.min_mw as measured_min_mw,
    measured.min_at as measured_min_at,
    coalesce(implausible.implausible_count, 0) as implausible_count,
    coalesce(days.feeder, others.feeder) as name,
    coalesce(days.local_date, others.local_date) as day,
    coalesce(others.missing_count, 0) as missing_count,
    coalesce(others.missing_minutes, 0) as missing_minutes,
    -- a tie that is subtracted has its peak in the total where it has its minimum
    case when days.total_factor < 0 then days.min_mw else days.peak_mw end
    * nullif(days.total_factor, 0) as weighted_peak_mw,
    cast(days.peak_mva_gross as double) / cast(ratings.rating_mva as double) as utilisation
from plausible as days
full join {{ ref('system_days') }} as others
    on days.feeder = others.feeder and days.local_date = others.local_date
left join {{ ref('feeder_days') }} as measured
    on days.feeder = measured.feeder and days.local_date = measured.local_date
left join implausible
    on days.feeder = implausible.feeder and days.local_date = implausible.local_date
left join ratings
    on
        days.feeder = ratings.feeder
        and days.peak_at >= ratings.from_at
        and days.peak_at < ratings.to_at
