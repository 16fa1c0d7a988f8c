-- one row per feeder and two files (or one with itself) that hold other values for the same
-- intervals: the later is the one that counts

with

pairs as (
    select
        feeder,
        new_file_id,
        old_file_id,
        cast(sum(shared_count) as bigint) as shared_intervals,
        cast(sum(different_count) as bigint) as different_intervals,
        cast(sum(new_mwh) as decimal(28, 18)) as new_mwh,
        cast(sum(old_mwh) as decimal(28, 18)) as old_mwh,
        cast(max(new_peak_mw) as decimal(28, 18)) as new_peak_mw,
        cast(max(old_peak_mw) as decimal(28, 18)) as old_peak_mw,
        min(first_start_local) as first_start_local,
        max(last_start_local) as last_start_local,
        min(lowest_ratio) as lowest_ratio,
        max(highest_ratio) as highest_ratio,
        cast(sum(new_kw) as double) / nullif(cast(sum(old_kw) as double), 0) as ratio
    from {{ ref('conflict_months') }}
    group by feeder, new_file_id, old_file_id
    having sum(different_count) > 0
),

named as (
    select
        pairs.*,
        new.file_name as new_file_name,
        old.file_name as old_file_name,
        new.stored_as as new_stored_as,
        new.processed_at as accepted_at,
        new.precedence,
        new.file_name || ' counts before ' || old.file_name || ': ' as beginning
    from pairs
    inner join {{ source('raw', 'files') }} as new on pairs.new_file_id = new.file_id
    inner join {{ source('raw', 'files') }} as old on pairs.old_file_id = old.file_id
),

-- the ledger has one sentence for each file that came with it
explained as (
    select
        *,
        case
            when instr(precedence, beginning) > 0
                then substr(precedence, instr(precedence, beginning) + length(beginning))
        end as sentence
    from named
)

select
    feeder,
    new_file_id,
    old_file_id,
    new_file_name,
    old_file_name,
    new_stored_as,
    shared_intervals,
    different_intervals,
    first_start_local,
    last_start_local,
    new_mwh,
    old_mwh,
    new_peak_mw,
    old_peak_mw,
    case
        when
            new_file_id <> old_file_id
            and different_intervals >= {{ var('other_unit_intervals') }}
            and abs(ratio - 1) > {{ var('other_unit_tolerance') }}
            and lowest_ratio >= ratio * (1 - {{ var('other_unit_tolerance') }})
            and highest_ratio <= ratio * (1 + {{ var('other_unit_tolerance') }})
            then ratio
    end as factor,
    case
        when new_file_id = old_file_id then 'the later line of the file'
        when sentence is null then 'it was accepted later'
        when instr(sentence, '; ') > 0 then substr(sentence, 1, instr(sentence, '; ') - 1)
        else sentence
    end as decided_by,
    accepted_at
from explained
