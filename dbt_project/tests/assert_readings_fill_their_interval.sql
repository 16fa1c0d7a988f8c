-- A reading that is shorter or longer or starts elsewhere than meter-data.csv says: a wrong
-- interval_minutes (a factor of 2 or 4 in energy) or a clock set inside the interval. It is kept,
-- and a total that it does not fill is NULL, so it warns. 60 minutes off: the clock changed.
{{ config(meta={"dagster": {"ref": {"name": "feeder_profiles"}}}, severity="warn") }}

select
    reads.feeder,
    reads.file_id,
    reads.line_number,
    reads.start_local,
    reads.end_local
from {{ ref('feeder_profiles') }} as reads
inner join {{ ref('stg_meter_data') }} as meters on reads.meter_data_row = meters.meter_data_row
where
    {{ minutes_between('reads.start_local', 'reads.end_local') }} - reads.interval_minutes
    not in (-60, 0, 60)
    or mod(
        {{ minutes_between("timestamp '1970-01-01'", 'reads.interval_start_at') }}
        - meters.grid_shift_minutes, meters.interval_minutes
    ) <> 0
