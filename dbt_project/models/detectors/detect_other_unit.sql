-- A "correction" that multiplies every value of a file by one factor: another unit, kW against kWh
-- per interval, W against kW, or a multiplier that is applied in one of the two files. Where the
-- ratio is exact the later file was refused, and the finding stays until that is decided.
-- Rule, source and how often it fires: docs/rules.md#other_unit

with

conflicts as (
    select
        *,
        case when factor >= 1 then 'multiplied by ' else 'divided by ' end
        || {{ shown('case when factor >= 1 then factor else 1 / factor end', 3) }} as change
    from {{ ref('file_conflicts') }}
    where factor is not null
),

refused as (
    select
        meters.feeder,
        files.file_name,
        files.stored_as,
        files.reason,
        files.first_start_local,
        files.last_end_local
    from {{ source('raw', 'files') }} as files
    inner join {{ feeder_names() }} as meters on files.feeder = meters.feeder_key
    where
        files.problem_code = 'other_unit'
        and files.letter is not null
        and files.closed_by is null
)

select
    'warn' as severity,
    feeder,
    cast(first_start_local as date) as first_date,
    cast(last_start_local as date) as last_date,
    new_file_name || ' has the values of ' || old_file_name || ' ' || change || ' in '
    || {{ shown('shared_intervals') }} || ' intervals: ' || {{ shown('new_mwh', 3) }}
    || ' against ' || {{ shown('old_mwh', 3) }} || ' MWh, peak ' || {{ shown('new_peak_mw', 3) }}
    || ' against ' || {{ shown('old_peak_mw', 3) }} || ' MW; ' || new_file_name || ' counts ('
    || decided_by || ')' as evidence,
    'this is another unit (kW and kWh per interval, W and kW) or multiplier, not a correction: see '
    || 'which of the two files channel_unit and multiplier in meter-data.csv are meant for, and '
    || 'withdraw the other one; with `load-profile withdraw ' || new_stored_as
    || ' --reason ...` ' || old_file_name || ' counts again' as meaning
from conflicts
union all
select
    'warn' as severity,
    feeder,
    cast(first_start_local as date) as first_date,
    cast({{ dbt.dateadd('minute', -1, 'last_end_local') }} as date) as last_date,
    file_name || ' was refused: ' || reason as evidence,
    'see which of the files channel_unit and multiplier in meter-data.csv are meant for; the '
    || 'letter beside ' || stored_as || ' says how to have either' as meaning
from refused
