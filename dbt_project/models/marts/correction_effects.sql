-- one row per correcting file, feeder and month: what its corrections changed

-- months of the meter's clock lie across those of UTC: a feeder's are rebuilt together
{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time=""
) }}

with

corrections as (
    select
        *,
        cast(date_trunc('month', start_local) as date) as month
    from {{ ref('corrections') }}
    where {{ is_in_dirty_part(ref('read_months'), '') }}
),

profiles as (
    select
        *,
        cast(date_trunc('month', start_local) as date) as month
    from {{ ref('feeder_profiles') }}
    where feeder in (select corrections.feeder from corrections)
),

-- net power and energy, after minus before, per corrected interval
intervals as (
    select
        new_file_id,
        feeder,
        month,
        interval_start_at,
        cast(max(cast(start_local as date)) as string) as day,
        max(accepted_at) as accepted_at,
        sum(case channel
            when 'del_raw' then new_mw - old_mw
            when 'rec_raw' then old_mw - new_mw
        end) as mw_change,
        sum(case channel
            when 'del_raw' then new_mw * new_seconds - old_mw * old_seconds
            when 'rec_raw' then old_mw * old_seconds - new_mw * new_seconds
        end) as mw_seconds_change
    from corrections
    group by new_file_id, feeder, month, interval_start_at
),

months as (
    select
        new_file_id,
        feeder,
        month,
        max(accepted_at) as accepted_at,
        cast(count(*) as bigint) as corrected_intervals,
        {{ ordered_list('day') }} as corrected_days,
        {{ rounded('cast(sum(mw_seconds_change) as double) / 3600') }} as net_mwh_change
    from intervals
    group by new_file_id, feeder, month
),

-- the month's peak as it is, and as it would be had this file not come
peaks as (
    select
        months.new_file_id,
        months.feeder,
        months.month,
        max(profiles.mw_net) as peak_mw_after,
        max(profiles.mw_net - coalesce(intervals.mw_change, 0)) as peak_mw_before
    from months
    inner join profiles
        on
            months.feeder = profiles.feeder
            and months.month = profiles.month
            and profiles.can_be_peak
    left join intervals
        on
            months.new_file_id = intervals.new_file_id
            and profiles.feeder = intervals.feeder
            and profiles.interval_start_at = intervals.interval_start_at
    group by months.new_file_id, months.feeder, months.month
)

select
    months.new_file_id,
    months.feeder,
    months.month,
    months.accepted_at,
    months.corrected_intervals,
    months.corrected_days,
    months.net_mwh_change,
    cast(peaks.peak_mw_before as decimal(28, 18)) as peak_mw_before,
    cast(peaks.peak_mw_after as decimal(28, 18)) as peak_mw_after
from months
left join peaks
    on
        months.new_file_id = peaks.new_file_id
        and months.feeder = peaks.feeder
        and months.month = peaks.month
