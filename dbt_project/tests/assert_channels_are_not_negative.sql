-- Each direction has a register that only counts up (IEC 61968): a value below 0 points to a
-- wrongly programmed meter or an edited file. The value is kept as delivered, so this warns.
{{ config(severity="warn") }}

select
    feeder,
    file_id,
    month_start_at,
    negative_count
from {{ ref('file_uses') }}
where negative_count > 0
