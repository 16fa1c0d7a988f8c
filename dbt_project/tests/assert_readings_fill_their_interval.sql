-- A reading that is shorter or longer or starts elsewhere than meter-data.csv says: a wrong
-- interval_minutes (a factor of 2 or 4 in energy) or a clock set inside the interval. It is kept,
-- is no peak, and a total that it does not fill is NULL, so it warns.
{{ config(severity="warn") }}

select
    feeder,
    file_id,
    month_start_at,
    partial_count,
    long_count,
    used_count - on_grid_count as off_grid_count
from {{ ref('file_uses') }}
where partial_count > 0 or long_count > 0 or on_grid_count < used_count
