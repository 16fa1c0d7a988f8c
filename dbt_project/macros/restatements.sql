{#- What a build changes in figures that an earlier one has published. month_figures keeps the old
    figures of the months that it makes anew, compares, and notes what differs in restated_months,
    in its own transaction. That table is a history: no build makes it again, and it stays when
    everything else is made anew. -#}

{% macro create_restated_months() -%}
    create table if not exists {{ target.schema }}.restated_months (
        feeder string not null,
        month_start_at timestamp not null,
        restated_at timestamp not null,
        cause string not null,
        readings_before bigint not null,
        readings_after bigint not null,
        net_mwh_before decimal(28, 18),
        net_mwh_after decimal(28, 18),
        peak_mw_before decimal(28, 18),
        peak_mw_after decimal(28, 18)
        {{ by_run(', run string') }}
    ) {{ by_run('using parquet partitioned by (run)') }}
{%- endmacro %}

{# What is told of some intervals: how many are known, their energy and their peak. #}
{% macro net_figures() -%}
    cast(count(mw_net) as bigint) as reading_count,
    {{ rounded('cast(sum(mw_net * actual_seconds) as double) / 3600') }} as net_mwh,
    max(case when can_be_peak then mw_net end) as peak_mw
{%- endmacro %}

{# Before the model is built: keep the rows that it will replace, and what code made them. #}
{% macro keep_figures() -%}
    {{ scratch_table('figures_before') }}
    select
        figures.*,
        (
            select max(parts.code) from {{ this.schema }}.model_parts as parts
            where parts.model = '{{ this.name }}'
        ) as code
    {% if execute and load_relation(this) -%}
        from {{ this }} as figures
        where {{ is_in_dirty_part(
            ref('figure_months'), 'figures.month_start_at', 'figures.feeder'
        ) }}
    {%- else -%}
        from (
            select
                feeder,
                month_start_at,
                cast(0 as bigint) as reading_count,
                cast(0 as decimal(28, 18)) as net_mwh,
                cast(0 as decimal(28, 18)) as peak_mw,
                month_start_at as last_start_at,
                meter_stamp,
                file_ids
            from {{ ref('figure_months') }}
        ) as figures
        where false
    {%- endif -%}
{%- endmacro %}

{# After it: readings behind the last one that was known only make a month longer; what is different
   up to there is restated. #}
{% macro note_restatements() -%}
    {{ insert_of_run(this.schema ~ '.restated_months') }}
    with

    changed as (
        select
            earlier.*,
            figures.meter_stamp as new_meter_stamp,
            figures.file_ids as new_file_ids
        from {{ scratch('figures_before') }} as earlier
        left join {{ this }} as figures
            on
                earlier.feeder = figures.feeder
                and earlier.month_start_at = figures.month_start_at
        where
            (earlier.reading_count, earlier.net_mwh, earlier.peak_mw)
            is distinct from (figures.reading_count, figures.net_mwh, figures.peak_mw)
    ),

    so_far as (
        select changed.feeder, changed.month_start_at, {{ net_figures() }}
        from {{ net_intervals() }} as intervals
        inner join changed
            on
                intervals.feeder = changed.feeder
                and date_trunc('month', intervals.interval_start_at) = changed.month_start_at
                and intervals.interval_start_at <= changed.last_start_at
        where {{ is_near_parts(
            'select * from ' ~ scratch('figures_before'), 'intervals.interval_start_at'
        ) if execute else 'true' }}
        group by changed.feeder, changed.month_start_at
    ),

    restated as (
        select
            changed.*,
            coalesce(so_far.reading_count, 0) as new_count,
            so_far.net_mwh as new_mwh,
            so_far.peak_mw as new_peak
        from changed
        left join so_far
            on
                changed.feeder = so_far.feeder
                and changed.month_start_at = so_far.month_start_at
        where
            (changed.reading_count, changed.net_mwh, changed.peak_mw)
            is distinct from (coalesce(so_far.reading_count, 0), so_far.net_mwh, so_far.peak_mw)
    ),

    causes as (
        select feeder, month_start_at, 'models or variables' as cause from restated
        where code <> '{{ code_stamp() if execute }}'
        union all
        select feeder, month_start_at, 'meter-data.csv' as cause from restated
        where meter_stamp <> new_meter_stamp
        union all
        select feeder, month_start_at, 'late file' as cause from restated
        where not {{ has_all('file_ids', 'new_file_ids') }} and new_count > reading_count
        union all
        select restated.feeder, restated.month_start_at, 'correction' as cause
        from restated
        inner join {{ ref('corrections') }} as corrections
            on
                restated.feeder = corrections.feeder
                and restated.month_start_at = date_trunc('month', corrections.interval_start_at)
        where
            {{ is_one_of('corrections.new_file_id', 'restated.new_file_ids') }}
            and not {{ is_one_of('corrections.new_file_id', 'restated.file_ids') }}
        union all
        select restated.feeder, restated.month_start_at, 'withdrawal' as cause
        from restated
        inner join {{ source('raw', 'files') }} as files
            on {{ is_one_of('files.release_of', 'restated.file_ids') }}
        where files.outcome = 'withdrawn'
    ),

    -- the total has the causes of its feeders
    told as (
        select
            restated.feeder,
            restated.month_start_at,
            {{ ordered_list('causes.cause') }} as cause
        from restated
        inner join causes
            on
                restated.month_start_at = causes.month_start_at
                and restated.feeder in ('*', causes.feeder)
        group by restated.feeder, restated.month_start_at
    )

    select
        restated.feeder,
        restated.month_start_at,
        timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as restated_at,
        -- else a total that another feeder completes, or a period that was moved inside a file
        coalesce(
            told.cause, case when restated.feeder = '*' then 'late file' else 'meter-data.csv' end
        ) as cause,
        restated.reading_count,
        restated.new_count,
        restated.net_mwh,
        restated.new_mwh,
        restated.peak_mw,
        restated.new_peak
        {{ by_run(", '" ~ invocation_id ~ "' as run") }}
    from restated
    left join told
        on
            restated.feeder = told.feeder
            and restated.month_start_at = told.month_start_at
{%- endmacro %}
