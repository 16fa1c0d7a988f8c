-- one row per feeder, UTC month and two files (or one with itself) of which the later replaced
-- readings of the earlier: how they differ in the intervals that both have

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="month_start_at"
) }}

with

{{ reading_versions(ref('read_months')) }},

pairs as (
    select
        new.feeder,
        new.start_local,
        new.file_id as new_file_id,
        old.file_id as old_file_id,
        new.actual_seconds as new_seconds,
        old.actual_seconds as old_seconds,
        date_trunc('month', new.interval_start_at) as month_start_at,
        new.del_raw_mw - new.rec_raw_mw as new_mw,
        old.del_raw_mw - old.rec_raw_mw as old_mw,
        new.del_raw + new.rec_raw as new_kw,
        old.del_raw + old.rec_raw as old_kw,
        greatest(
            {% for channel in [
                'del_raw_mw', 'rec_raw_mw', 'kva_del_raw_mw', 'kva_rec_raw_mw', 'kvar_del_raw_mw',
                'kvar_rec_raw_mw',
            ] %}
                case when new.{{ channel }} is distinct from old.{{ channel }} then 1 else 0 end,
            {% endfor %}
            case when new.actual_seconds <> old.actual_seconds then 1 else 0 end
        ) as is_different
    from versions as new
    inner join versions as old
        on
            new.feeder = old.feeder
            and new.interval_start_at = old.interval_start_at
            and new.version = old.version + 1
),

-- small values prove no factor: they may be little more than rounding
sized as (
    select
        *,
        greatest(
            new_kw * 5 - max(new_kw) over (
                partition by feeder, month_start_at, new_file_id, old_file_id
            ),
            old_kw * 5 - max(old_kw) over (
                partition by feeder, month_start_at, new_file_id, old_file_id
            )
        ) >= 0 and new_kw + old_kw > 0 as is_large
    from pairs
),

ratios as (
    select
        *,
        case
            when not is_large then null
            when old_kw > 0 and new_kw > 0 then cast(new_kw as double) / cast(old_kw as double)
            else 0
        end as ratio
    from sized
)

select
    feeder,
    month_start_at,
    new_file_id,
    old_file_id,
    count(*) as shared_count,
    cast(sum(is_different) as bigint) as different_count,
    min(case when is_different = 1 then start_local end) as first_start_local,
    max(case when is_different = 1 then start_local end) as last_start_local,
    {{ rounded('cast(sum(new_mw * new_seconds) as double) / 3600') }} as new_mwh,
    {{ rounded('cast(sum(old_mw * old_seconds) as double) / 3600') }} as old_mwh,
    max(new_mw) as new_peak_mw,
    max(old_mw) as old_peak_mw,
    cast(sum(case when ratio > 0 then new_kw end) as decimal(38, 6)) as new_kw,
    cast(sum(case when ratio > 0 then old_kw end) as decimal(38, 6)) as old_kw,
    min(ratio) as lowest_ratio,
    max(ratio) as highest_ratio
from ratios
group by feeder, month_start_at, new_file_id, old_file_id
