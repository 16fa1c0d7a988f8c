-- A value below 0: each direction has a register that only counts up (IEC 61968), so the channels
-- are signed, the meter is programmed wrongly, or the file was edited.
-- Rule, source and how often it fires: docs/rules.md#negative

{% set lowest -%}
    least(
        profiles.del_raw, profiles.rec_raw, profiles.kva_del_raw, profiles.kva_rec_raw,
        profiles.kvar_del_raw, profiles.kvar_rec_raw
    )
{%- endset %}

with

readings as (
    select
        profiles.feeder,
        profiles.file_id,
        profiles.line_number,
        {{ to_the_minute('profiles.start_local') }} as start_text,
        {{ lowest }} as lowest,
        {{ local_day('profiles.interval_start_at') }} as local_date,
        row_number() over (
            partition by profiles.feeder, profiles.file_id
            order by profiles.interval_start_at, profiles.line_number
        ) as place
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    where
        {{ lowest }} < 0
        and profiles.file_id in (
            select uses.file_id from {{ ref('file_uses') }} as uses
            where uses.negative_count > 0
        )
),

files as (
    select
        feeder,
        file_id,
        min(local_date) as first_date,
        max(local_date) as last_date,
        count(*) as reading_count,
        min(lowest) as lowest,
        max(case when place = 1 then line_number end) as first_line,
        max(case when place = 1 then start_text end) as first_start
    from readings
    group by feeder, file_id
)

select
    'warn' as severity,
    files.feeder,
    files.first_date,
    files.last_date,
    {{ counted('files.reading_count', 'reading') }} || ' with a value below 0, the first in line '
    || {{ shown('files.first_line') }} || ' of ' || ledger.file_name || ' at ' || files.first_start
    || ', the lowest ' || {{ plain('files.lowest') }} as evidence,
    'a channel counts one direction and is never below 0: see whether the file was edited, or has '
    || 'signed values (then export both directions); they are used as they are, '
    || 'net = delivered - received' as meaning
from files
inner join {{ source('raw', 'files') }} as ledger on files.file_id = ledger.file_id
