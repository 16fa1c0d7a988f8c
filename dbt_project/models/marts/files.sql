-- one row per file that arrived, with what became of its rows

with

files as (
    select * from {{ source('raw', 'files') }}
),

used as (
    select
        file_id,
        cast(sum(used_count) as bigint) as used_count
    from {{ ref('file_uses') }}
    group by file_id
),

unknown_words as (
    select
        file_id,
        {{ ordered_list('word') }} as unknown_events
    from (
        select
            file_id,
            {{ each_of('unknown_events') }} as word
        from {{ ref('file_uses') }}
    ) as words
    group by file_id
),

withdrawn as (
    select
        file_id,
        release_of as of_file_id
    from {{ source('raw', 'files') }}
    where outcome = 'withdrawn'
),

-- files with a time for which meter-data.csv has no row
holed as (
    select spans.file_id
    from (
        select
            file_id,
            min(min_start_local) as from_local,
            max(max_end_local) as to_local
        from {{ source('raw', 'file_months') }}
        group by file_id
    ) as spans
    left join {{ ref('stg_file_periods') }} as periods on spans.file_id = periods.file_id
    left join withdrawn on spans.file_id = withdrawn.of_file_id
    where withdrawn.file_id is null
    group by spans.file_id
    having
        coalesce(sum({{ dbt.datediff('periods.period_from', 'periods.period_to', 'second') }}), 0)
        <> max({{ dbt.datediff('spans.from_local', 'spans.to_local', 'second') }})
),

-- not by way of staging: of all reads only those of these files are looked at
outside as (
    select
        reads.file_id,
        count(*) as outside_count
    from {{ source('raw', 'interval_reads') }} as reads
    inner join holed on reads.file_id = holed.file_id
    left join {{ ref('stg_file_periods') }} as periods
        on
            reads.file_id = periods.file_id
            and reads.start_local >= periods.period_from
            and reads.start_local < periods.period_to
    where periods.file_id is null
    group by reads.file_id
),

corrected as (
    select
        new_file_id as file_id,
        cast(count(*) as bigint) as correcting_count
    from (
        select distinct
            new_file_id,
            new_line_number,
            new_position
        from {{ ref('corrections') }}
    ) as correcting
    group by new_file_id
)

select
    files.file_id,
    files.file_name,
    files.feeder,
    files.kind,
    files.outcome,
    files.reason,
    files.release_of,
    files.release_reason,
    files.closed_by,
    withdrawn.file_id as withdrawn_by,
    files.row_count,
    files.first_start_local,
    files.last_end_local,
    files.sha256,
    files.stored_as,
    files.processed_at,
    files.duplicate_of,
    unknown_words.unknown_events,
    coalesce(used.used_count, 0) as used_count,
    coalesce(corrected.correcting_count, 0) as correcting_count,
    case
        when files.kind = 'interval' and files.outcome = 'accepted' and withdrawn.file_id is null
            then
                files.row_count - coalesce(outside.outside_count, 0)
                - coalesce(used.used_count, 0)
        else 0
    end as superseded_count,
    coalesce(outside.outside_count, 0) as outside_count
from files
left join withdrawn on files.file_id = withdrawn.of_file_id
left join outside on files.file_id = outside.file_id
left join used on files.file_id = used.file_id
left join unknown_words on files.file_id = unknown_words.file_id
left join corrected on files.file_id = corrected.file_id
