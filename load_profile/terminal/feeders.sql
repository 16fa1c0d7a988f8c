with
profiles as (
    select feeder, count(*) as reading_count, min(start_local), max(end_local),
        count(*) - count(mw_net) as unknown_count
    from feeder_profiles
    group by feeder
),
holes as (
    select feeder, count(*) as gap_count, sum(missing_intervals)::bigint as missing_count
    from gaps
    anti join acknowledged_gaps using (feeder, gap_start_at)
    group by feeder
)
select
    meters.feeder,
    coalesce(profiles.reading_count, 0) as reading_count,
    profiles.* exclude (feeder, reading_count, unknown_count),
    coalesce(profiles.unknown_count, 0),
    coalesce(holes.gap_count, 0),
    coalesce(holes.missing_count, 0) as missing_count
from (select feeder, min(meter_data_row) as place from stg_meter_data group by feeder) as meters
left join profiles on meters.feeder = profiles.feeder
left join holes on meters.feeder = holes.feeder
order by missing_count desc, place
