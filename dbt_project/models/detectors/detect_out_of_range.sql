-- Power that no feeder carries: is_out_of_range, see macros/power.sql.
-- Rule, source and how often it fires: docs/rules.md#out_of_range

with

readings as (
    select
        profiles.feeder,
        profiles.file_id,
        profiles.interval_start_at,
        profiles.start_local,
        {{ local_day('profiles.interval_start_at') }} as local_date
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    where
        profiles.is_out_of_range
        and profiles.file_id in (
            select uses.file_id from {{ ref('file_uses') }} as uses
            where uses.out_of_range_count > 0
        )
),

files as (
    select
        feeder,
        file_id,
        min(local_date) as first_date,
        max(local_date) as last_date,
        count(*) as reading_count,
        min_by(start_local, interval_start_at) as first_start_local
    from readings
    group by feeder, file_id
)

select
    'fail' as severity,
    files.feeder,
    files.first_date,
    files.last_date,
    {{ counted('files.reading_count', 'reading') }} || ' of 1,000,000 MW or more, the first at '
    || {{ to_the_minute('files.first_start_local') }} || ', in ' || ledger.file_name as evidence,
    'impossible: see whether multiplier, channel_unit and total_factor in meter-data.csv are '
    || 'right; these readings count as unknown' as meaning
from files
inner join {{ source('raw', 'files') }} as ledger on files.file_id = ledger.file_id
