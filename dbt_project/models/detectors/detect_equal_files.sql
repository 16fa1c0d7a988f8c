-- Two feeders with the same bytes: a file that was copied, or named for the wrong feeder, counts
-- twice. Two idle meters write equal zeros, which is right, and so are two meters in one file.
-- Rule, source and how often it fires: docs/rules.md#equal_files

with

in_use as (
    select
        files.file_id,
        files.file_name,
        files.sha256,
        files.stored_as,
        files.first_start_local,
        files.last_end_local,
        meters.feeder
    from {{ ref('files') }} as files
    inner join {{ feeder_names() }} as meters on files.feeder = meters.feeder_key
    where files.outcome = 'accepted' and files.withdrawn_by is null
),

pairs as (
    select
        in_use.*,
        other.file_name as other_file,
        other.feeder as other_feeder
    from in_use
    inner join in_use as other
        on
            in_use.sha256 = other.sha256
            and in_use.feeder <> other.feeder
            and in_use.stored_as <> other.stored_as
),

with_load as (
    select distinct reads.file_id
    from {{ source('raw', 'interval_reads') }} as reads
    where
        reads.file_id in (select pairs.file_id from pairs)
        and (reads.del_raw <> 0 or reads.rec_raw <> 0)
),

found as (
    select
        pairs.feeder,
        min(pairs.first_start_local) as first_local,
        max(pairs.last_end_local) as last_local,
        count(distinct pairs.file_id) as file_count,
        min_by(
            pairs.file_name, (pairs.first_start_local, pairs.file_name, pairs.other_file)
        ) as first_file,
        min_by(
            pairs.other_file, (pairs.first_start_local, pairs.file_name, pairs.other_file)
        ) as first_other_file,
        min_by(
            pairs.other_feeder, (pairs.first_start_local, pairs.file_name, pairs.other_file)
        ) as first_other_feeder
    from pairs
    inner join with_load on pairs.file_id = with_load.file_id
    group by pairs.feeder
)

select
    'warn' as severity,
    feeder,
    cast(first_local as date) as first_date,
    cast(last_local as date) as last_date,
    {{ counted('file_count', 'file') }} || ' with the same bytes as a file of another feeder, '
    || {{ from_to('first_local', 'last_local') }} || ': ' || first_file || ' is equal to '
    || first_other_file || ' of ' || first_other_feeder as evidence,
    'one of them was named for the wrong feeder, and the total has it twice: '
    || 'load-profile withdraw takes a file out of use' as meaning
from found
