-- one row per feeder, or `total`, day of the system's clock and time-of-use bin

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="plausible_months",
    part_time="local_date"
) }}

with

binned as (
    select
        intervals.feeder,
        intervals.local_date,
        hours.season,
        hours.day_type,
        hours.bin,
        cast(count(intervals.mw_net) as bigint) as reading_count,
        cast(sum(intervals.mw_del * intervals.actual_seconds) as decimal(38, 18)) as del_mj,
        cast(sum(intervals.mw_rec * intervals.actual_seconds) as decimal(38, 18)) as rec_mj,
        cast(sum(intervals.mw_net * intervals.actual_seconds) as decimal(38, 18)) as net_mj,
        max(case
            when intervals.can_be_peak and implausible.feeder is null then intervals.mw_net
        end) as peak_mw
    from {{ dated_intervals(ref('plausible_months')) }} as intervals
    inner join {{ ref('time_of_use_hours') }} as hours
        on
            intervals.local_date = hours.local_date
            and extract(hour from intervals.local_start) = hours.local_hour
    left join {{ ref('implausible_intervals') }} as implausible
        on
            intervals.feeder = implausible.feeder
            and intervals.interval_start_at = implausible.interval_start_at
    where
        {{ is_in_dirty_part(
            ref('plausible_months'), 'intervals.local_date', 'intervals.feeder'
        ) }}
    group by
        intervals.feeder, intervals.local_date, hours.season, hours.day_type, hours.bin
)

select
    feeder,
    local_date,
    season,
    day_type,
    bin,
    reading_count,
    del_mj,
    rec_mj,
    net_mj,
    {{ rounded('cast(del_mj as double) / 3600') }} as del_mwh,
    {{ rounded('cast(rec_mj as double) / 3600') }} as rec_mwh,
    {{ rounded('cast(net_mj as double) / 3600') }} as net_mwh,
    peak_mw
from binned
