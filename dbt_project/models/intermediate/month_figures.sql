-- one row per feeder and UTC month, and per month of `total`: what a restatement compares

-- depends_on: {{ ref('corrections') }}
{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="figure_fingerprints",
    part_time="month_start_at",
    pre_hook="{{ keep_figures() }}",
    post_hook="{{ note_restatements() }}"
) }}

with

figures as (
    select
        feeder,
        date_trunc('month', interval_start_at) as month_start_at,
        max(interval_start_at) as last_start_at,
        {{ net_figures() }}
    from {{ net_intervals() }} as intervals
    where {{ is_in_dirty_part(ref('figure_fingerprints'), 'interval_start_at') }}
    group by feeder, date_trunc('month', interval_start_at)
)

select
    figures.feeder,
    figures.month_start_at,
    figures.reading_count,
    figures.net_mwh,
    figures.peak_mw,
    figures.last_start_at,
    months.meter_stamp,
    months.file_ids
from figures
inner join {{ ref('figure_fingerprints') }} as months
    on
        figures.feeder = months.feeder
        and figures.month_start_at = months.month_start_at
