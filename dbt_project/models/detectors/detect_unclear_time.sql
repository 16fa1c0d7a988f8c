-- A reading at a time that its clock shows twice, in an order that leaves open which is meant, or
-- that its clock never shows: a tool that writes 96 columns every day, or a meter on standard time
-- whose timezone is that of a wall clock, all of whose summer is then an hour off.
-- Rule, source and how often it fires: docs/rules.md#unclear_time

with

times as (
    select
        times.feeder,
        times.file_id,
        times.row_count,
        times.first_start_local,
        times.last_start_local,
        periods.timezone,
        files.file_name,
        coalesce(periods.is_skipped, false) as is_skipped
    from {{ ref('ambiguous_times') }} as times
    inner join {{ source('raw', 'files') }} as files on times.file_id = files.file_id
    inner join {{ ref('stg_file_periods') }} as periods
        on
            times.file_id = periods.file_id
            and times.feeder = periods.feeder
            and times.first_start_local >= periods.period_from
            and times.first_start_local < periods.period_to
),

found as (
    select
        feeder,
        timezone,
        is_skipped,
        cast(sum(row_count) as bigint) as row_count,
        min(first_start_local) as first_local,
        max(last_start_local) as last_local,
        count(distinct file_id) as file_count,
        min_by(file_name, (first_start_local, file_id)) as first_file
    from times
    group by feeder, timezone, is_skipped
)

select
    'warn' as severity,
    feeder,
    cast(first_local as date) as first_date,
    cast(last_local as date) as last_date,
    {{ counted('row_count', 'row') }} || ' with a Start Time that a clock of ' || timezone
    || case
        when is_skipped then ' never shows'
        else ' shows twice, in an order that does not tell which is meant'
    end
    || ', ' || {{ from_to('first_local', 'last_local') }} || ', '
    || {{ in_files('first_file', 'file_count') }} as evidence,
    case
        when is_skipped
            then
                'a meter that keeps standard time all year needs a fixed offset as timezone in '
                || 'meter-data.csv (such as Etc/GMT+7), else its whole summer is an hour off; a '
                || 'tool that writes 24 hours every day makes such rows too: delete them there'
        else
            'which of the two hours these rows belong to is not known: they stand where no other '
            || 'file has the interval; read the meter out again over that night'
    end as meaning
from found
