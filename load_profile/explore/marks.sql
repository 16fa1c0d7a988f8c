-- one row per gap, finding, decision, changed interval or repeated hour that is in sight, the
-- longest first
select kind, name, epoch_ms(from_at) as start, epoch_ms(until_at) as until, words
from (
    select
        'gap' as kind, 'total' as name, gap_start_at as from_at, gap_end_at as until_at,
        format('{:,} intervals unknown', missing_intervals) as words
    from combined_gaps
    union all
    select 'gap', feeder, gap_start_at, gap_end_at, format('{:,} intervals', missing_intervals)
    from gaps
    union all
    select
        'finding', feeder,
        timezone('UTC', timezone($zone, first_date::timestamp)),
        timezone('UTC', timezone($zone, last_date::timestamp + interval 1 day)),
        rule || ': ' || evidence || case
            when acknowledged_by is null then '' else ' (acknowledged)'
        end
    from findings
    union all
    select
        'decision', feeder, first_start_at, until_at,
        format('decision {}, {}: {} ({})', decision, action, why, who) || case
            when revoked_by is not null then format(', revoked by decision {}', revoked_by)
            when not is_in_force then ', expired'
            else ''
        end
    from decisions
    where first_start_at is not null
    union all
    select
        'changed', feeder, min(interval_start_at), max(interval_start_at) + interval 1 minute,
        format('{:,} intervals: {}', count(*), cause)
    from version_intervals
    where version > $compared
    group by feeder, cause, interval_start_at::date
    union all
    select
        'clock', null, moment, moment + to_minutes(before - after),
        strftime(change_at_local, 'clock goes back: %H:%M is the end of an hour that comes twice')
    from (
        select
            change_at_local,
            change_at_local - to_minutes(utc_offset_minutes) as moment,
            utc_offset_minutes as before,
            new_utc_offset_minutes as after
        from clock_days
        where timezone = $zone and new_utc_offset_minutes < utc_offset_minutes
    )
)
where
    (name is null or name in (select unnest($names)))
    and until_at > make_timestamp_ms($from_ms)
    and from_at < make_timestamp_ms($until_ms)
order by until_at - from_at desc, kind, name, from_at
limit $most
