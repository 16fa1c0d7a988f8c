-- one row per data row of an accepted file, on the UTC clock, with the meter-data row that applies

with

reads as (
    select
        reads.*,
        files.feeder as feeder_key,
        files.accepted_seq,
        files.first_start_local,
        files.last_end_local
    from {{ source('raw', 'interval_reads') }} as reads
    inner join {{ source('raw', 'files') }} as files on reads.file_id = files.file_id
),

meters as (
    select * from {{ ref('stg_meter_data') }}
),

metered as (
    select
        reads.*,
        meters.feeder,
        meters.meter,
        meters.meter_data_row,
        meters.interval_minutes,
        meters.timezone,
        meters.mw_factor,
        meters.total_factor
    from reads
    left join meters
        on
            reads.feeder_key = meters.feeder_key
            and (meters.valid_from is null or reads.start_local >= meters.valid_from)
            and (meters.valid_to is null or reads.start_local < meters.valid_to)
),

-- the hour that a clock repeats lies before its change, the hour that it skips behind it
clocked as (
    select
        metered.*,
        clock.utc_offset_minutes,
        clock.new_utc_offset_minutes,
        clock.change_at_local,
        metered.start_local < clock.change_at_local
        and metered.start_local >= {{ add_minutes(
            'clock.change_at_local', '(clock.new_utc_offset_minutes - clock.utc_offset_minutes)'
        ) }} as is_in_repeated_hour,
        metered.start_local >= clock.change_at_local
        and metered.start_local < {{ add_minutes(
            'clock.change_at_local', '(clock.new_utc_offset_minutes - clock.utc_offset_minutes)'
        ) }} as is_in_skipped_hour
    from metered
    left join {{ source('raw', 'clock_days') }} as clock
        on
            metered.timezone = clock.timezone
            and cast(metered.start_local as date) = clock.local_date
),

-- order of records tells the first pass of a repeated hour (daylight time) from the second
repeated as (
    select
        file_id,
        line_number,
        coalesce(
            max(start_local) over (
                partition by file_id, change_at_local
                order by line_number rows between unbounded preceding and 1 preceding
            ) >= start_local, false
        ) as follows_its_time,
        coalesce(
            min(start_local) over (
                partition by file_id, change_at_local
                order by line_number rows between 1 following and unbounded following
            ) <= start_local, false
        ) as precedes_its_time,
        first_start_local < {{ add_minutes(
            'change_at_local', '(new_utc_offset_minutes - utc_offset_minutes)'
        ) }} as has_rows_before,
        last_end_local > change_at_local as has_rows_after
    from clocked
    where is_in_repeated_hour
),

passes as (
    select
        file_id,
        line_number,
        follows_its_time
        or (not precedes_its_time and has_rows_after and not has_rows_before) as is_second_pass,
        not follows_its_time and not precedes_its_time and has_rows_before = has_rows_after
            as is_undecided
    from repeated
),

offsets as (
    select
        clocked.*,
        coalesce(passes.is_undecided, false) or coalesce(clocked.is_in_skipped_hour, false)
            as is_ambiguous_time,
        case
            when clocked.change_at_local is null then clocked.utc_offset_minutes
            when passes.is_second_pass then clocked.new_utc_offset_minutes
            when clocked.is_in_skipped_hour then clocked.utc_offset_minutes
            when clocked.start_local >= clocked.change_at_local
                then clocked.new_utc_offset_minutes
            else clocked.utc_offset_minutes
        end as start_offset_minutes
    from clocked
    left join passes
        on clocked.file_id = passes.file_id and clocked.line_number = passes.line_number
)

select
    feeder,
    {{ add_minutes('start_local', '-start_offset_minutes') }} as interval_start_at,
    interval_minutes,
    meter,
    meter_data_row,
    file_id,
    line_number,
    accepted_seq,
    record_no,
    event_type,
    start_local,
    end_local,
    timezone,
    kw_del,
    kw_rec,
    kva_del,
    kva_rec,
    mw_factor,
    total_factor,
    is_ambiguous_time
from offsets
