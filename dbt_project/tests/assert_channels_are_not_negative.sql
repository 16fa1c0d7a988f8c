-- Each direction has a register that only counts up (IEC 61968): a value below 0 points to a
-- wrongly programmed meter or an edited file. The value is kept as delivered, so this warns.
{{ config(severity="warn") }}

select
    file_id,
    line_number,
    kw_del,
    kw_rec,
    kva_del,
    kva_rec
from {{ source('raw', 'interval_reads') }}
where least(kw_del, kw_rec, kva_del, kva_rec) < 0
