-- one row per data row of an hour that comes twice on the meter's clock, and does not name its
-- offset: which pass it belongs to

{{ config(materialized="ephemeral") }}

with

-- a row of a repeated hour that does not come after the row before it begins another pass
passed as (
    select
        reads.file_id,
        reads.line_number,
        reads.position,
        reads.start_local,
        periods.clock_from,
        periods.clock_to,
        periods.has_rows_before,
        periods.has_rows_after,
        reads.start_local <= lag(reads.start_local) over in_file as is_turn,
        -- the row before it ends the hour, on the clock before the change or after it
        lag(reads.end_local) over in_file >= periods.clock_to
        or lag(reads.end_local) over in_file <= lag(reads.start_local) over in_file
            as is_hour_passed
    from {{ source('raw', 'interval_reads') }} as reads
    inner join {{ ref('stg_file_periods') }} as periods
        on
            reads.file_id = periods.file_id
            and reads.start_local >= periods.period_from
            and reads.start_local < periods.period_to
    where periods.second_offset_minutes is not null and reads.utc_offset_minutes is null
    window in_file as (
        partition by reads.file_id, periods.clock_from
        order by reads.line_number, reads.position
    )
),

-- the order of records separates the first pass of a repeated hour (daylight time) from the
-- second; but rows that are doubled or interleaved are not two passes
repeated as (
    select
        file_id,
        line_number,
        position,
        has_rows_before,
        has_rows_after,
        coalesce(
            max(start_local) over (
                partition by file_id, clock_from
                order by line_number, position
                rows between unbounded preceding and 1 preceding
            ) >= start_local, false
        ) as follows_its_time,
        coalesce(
            min(start_local) over (
                partition by file_id, clock_from
                order by line_number, position
                rows between 1 following and unbounded following
            ) <= start_local, false
        ) as precedes_its_time,
        sum(case when is_turn and is_hour_passed then 1 when is_turn then 2 else 0 end) over (
            partition by file_id, clock_from
        ) > 1 as is_out_of_order
    from passed
)

select
    file_id,
    line_number,
    position,
    follows_its_time
    or (not precedes_its_time and has_rows_after and not has_rows_before) as is_second_pass,
    is_out_of_order
    or (not follows_its_time and not precedes_its_time and has_rows_before = has_rows_after)
        as is_undecided
from repeated
