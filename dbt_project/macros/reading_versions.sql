{# CTEs that end in `versions`: of the dirty partitions, the readings of an interval one after the
   other, each of which replaced the one before. Only where files meet is an interval read twice. A
   reading that may belong to another hour never replaced one that does not, nor an unknown value a
   known one. #}
{% macro reading_versions(parts) -%}
ranked as (
    select
        *,
        case when is_ambiguous_time then 2 else 0 end + case when is_unknown then 1 else 0 end
            as doubt
    from {{ ref('stg_interval_reads') }}
    where
        is_contested
        and {{ is_in_dirty_file(parts) }}
        and {{ is_in_dirty_part(parts, 'interval_start_at') }}
),

reads as (
    select * from ranked
    qualify
        doubt <= min(doubt) over (
            partition by feeder, interval_start_at
            order by accepted_seq range between unbounded preceding and current row
        )
),

versions as (
    select
        *,
        {{ in_mw('del_raw') }} as del_raw_mw,
        {{ in_mw('rec_raw') }} as rec_raw_mw,
        {{ in_mw('kva_del_raw') }} as kva_del_raw_mw,
        {{ in_mw('kva_rec_raw') }} as kva_rec_raw_mw,
        {{ in_mw('kvar_del_raw') }} as kvar_del_raw_mw,
        {{ in_mw('kvar_rec_raw') }} as kvar_rec_raw_mw,
        row_number() over (
            partition by feeder, interval_start_at order by accepted_seq, line_number, position
        ) as version
    from reads
)
{%- endmacro %}
