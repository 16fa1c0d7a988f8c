{#- What a build changes in figures that were published. month_figures keeps the figures of the
    months that it rebuilds as they were published last, compares, and notes what differs in
    restated_months, in its own transaction. That table is a history: no build rewrites what was
    published, and it stays when everything else is rebuilt. -#}

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

{# Which versions were published, noted by the run after it; and the figures that were published
   last of every month that was rebuilt since. A run that failed published nothing. #}
{% macro create_publications() -%}
    {{ adapter.dispatch('create_publications')() }}
{%- endmacro %}

{% macro duckdb__create_publications() -%}
    create table if not exists {{ target.schema }}.publications (
        version varchar not null,
        noted_at timestamp not null,
        is_new boolean not null
    );
    create table if not exists {{ target.schema }}.published_figures (
        feeder varchar not null,
        month_start_at timestamp not null,
        reading_count bigint not null,
        net_mwh decimal(28, 18),
        peak_mw decimal(28, 18),
        last_start_at timestamp,
        meter_stamp varchar,
        file_ids bigint[],
        code varchar,
        reached_at timestamp
    )
{%- endmacro %}

{# Without a published version, what the build before has made stands for it. #}
{% macro spark__create_publications() -%}
    select 1
{%- endmacro %}

{# What a month's figures are: how many intervals are known, their energy and their peak. #}
{% macro net_figures() -%}
    cast(count(mw_net) as bigint) as reading_count,
    {{ rounded('cast(sum(mw_net * actual_seconds) as double) / 3600') }} as net_mwh,
    max(case when can_be_peak then mw_net end) as peak_mw
{%- endmacro %}

{# Before the model is built: keep the figures of the parts that it will replace, and what code made
   them; `reached_at` is the last interval of the feeder that was published, in any month. #}
{% macro keep_figures() -%}
    {{ adapter.dispatch('keep_figures')() }}
{%- endmacro %}

{% macro duckdb__keep_figures() -%}
    {%- set kept = this.schema ~ '.published_figures' -%}
    {%- set news = this.schema ~ '.publications' -%}
    delete from {{ kept }} where exists (select 1 from {{ news }} where is_new);
    update {{ news }} set is_new = false where is_new;
    insert into {{ kept }}
    {{ figures_of_dirty_parts(kept) }}
{%- endmacro %}

{% macro spark__keep_figures() -%}
    {{ scratch_table('figures_before') }}
    {{ figures_of_dirty_parts() }}
{%- endmacro %}

{% macro figures_before() -%}
    {{ adapter.dispatch('figures_before')() }}
{%- endmacro %}

{% macro duckdb__figures_before() -%}
    {{ this.schema }}.published_figures
{%- endmacro %}

{% macro spark__figures_before() -%}
    {{ scratch('figures_before') }}
{%- endmacro %}

{# Of parts that `kept` has already, a later build is not what was published. #}
{% macro figures_of_dirty_parts(kept='') -%}
    {%- set held = load_relation(this) if execute else none -%}
    {%- set parts -%}
        {%- if is_by_parts() -%}
            {{ dirty_parts(ref('figure_fingerprints')) }}
        {%- else -%}
            select feeder, month_start_at from {{ ref('figure_fingerprints') }}
            {% if held %}union select feeder, month_start_at from {{ this }}{% endif %}
        {%- endif -%}
    {%- endset -%}
    {%- set figures -%}
        {%- if held -%}
            {{ this }}
        {%- else -%}
            (
                select
                    *,
                    cast(0 as bigint) as reading_count,
                    cast(null as decimal(28, 18)) as net_mwh,
                    cast(null as decimal(28, 18)) as peak_mw,
                    month_start_at as last_start_at
                from {{ ref('figure_fingerprints') }}
                where false
            )
        {%- endif -%}
    {%- endset -%}
    select
        dirty.feeder,
        dirty.month_start_at,
        coalesce(figures.reading_count, 0) as reading_count,
        figures.net_mwh,
        figures.peak_mw,
        figures.last_start_at,
        figures.meter_stamp,
        figures.file_ids,
        codes.code,
        reached.reached_at
    from ({{ parts }}) as dirty
    left join {{ figures }} as figures
        on
            dirty.feeder = figures.feeder
            and dirty.month_start_at = figures.month_start_at
    left join (
        select
            feeder,
            max(last_start_at) as reached_at
        from (
            select
                figures.feeder,
                figures.last_start_at
            from {{ figures }} as figures
            {% if kept -%}
                left join {{ kept }} as kept
                    on
                        figures.feeder = kept.feeder
                        and figures.month_start_at = kept.month_start_at
                where kept.feeder is null
                union all
                select
                    feeder,
                    last_start_at
                from {{ kept }}
            {%- endif %}
        ) as published
        group by feeder
    ) as reached
        on dirty.feeder = reached.feeder
    cross join (
        select max(parts.code) as code
        from {{ this.schema }}.model_parts as parts
        where parts.model = '{{ this.name }}'
    ) as codes
    {% if kept -%}
        left join {{ kept }} as kept
            on
                dirty.feeder = kept.feeder
                and dirty.month_start_at = kept.month_start_at
        where kept.feeder is null
    {%- endif %}
{%- endmacro %}

{# What was noted since the last publication was not published: this build notes it again, if it is
   still so. #}
{% macro forget_unpublished() -%}
    {{ adapter.dispatch('forget_unpublished')() }}
{%- endmacro %}

{% macro duckdb__forget_unpublished() -%}
    delete from {{ this.schema }}.restated_months
    where restated_at > (
        select coalesce(max(noted_at), timestamp '1000-01-01') from {{ this.schema }}.publications
    );
{%- endmacro %}

{% macro spark__forget_unpublished() -%}
{%- endmacro %}

{# After it: what is different up to the last interval that was published is restated; readings
   behind it alone only make a history longer. #}
{% macro note_restatements() -%}
    {{ forget_unpublished() }}
    {{ insert_of_run(this.schema ~ '.restated_months') }}
    with

    -- what was withdrawn had been published: that it comes back makes no history longer
    withdrawals as (
        select
            meters.feeder,
            meters.total_factor,
            {{ to_utc('files.last_end_local', 'meters.timezone') }} as until_at
        from {{ source('raw', 'files') }} as files
        inner join {{ ref('stg_meter_data') }} as meters on files.feeder = meters.feeder_key
        where files.outcome = 'withdrawn'
    ),

    withdrawn as (
        select feeder, max(until_at) as until_at from withdrawals
        group by feeder
        union all
        select 'total' as feeder, max(until_at) as until_at from withdrawals
        where total_factor <> 0
    ),

    pairs as (
        select
            earlier.*,
            greatest(
                coalesce(earlier.reached_at, withdrawn.until_at),
                coalesce(withdrawn.until_at, earlier.reached_at)
            ) as known_until_at,
            coalesce(figures.reading_count, 0) as new_count,
            figures.net_mwh as new_mwh,
            figures.peak_mw as new_peak,
            figures.meter_stamp as new_meter_stamp,
            figures.file_ids as new_file_ids,
            figures.feeder is not null as is_there,
            (earlier.reading_count, earlier.net_mwh, earlier.peak_mw)
            is distinct from
            (coalesce(figures.reading_count, 0), figures.net_mwh, figures.peak_mw) as is_changed
        from {{ figures_before() }} as earlier
        left join {{ this }} as figures
            on
                earlier.feeder = figures.feeder
                and earlier.month_start_at = figures.month_start_at
        left join withdrawn on earlier.feeder = withdrawn.feeder
    ),

    so_far as (
        select pairs.feeder, pairs.month_start_at, {{ net_figures() }}
        from {{ net_intervals() }} as intervals
        inner join pairs
            on
                intervals.feeder = pairs.feeder
                and date_trunc('month', intervals.interval_start_at) = pairs.month_start_at
                and intervals.interval_start_at <= pairs.known_until_at
        where
            pairs.is_changed
            and {{ is_near_parts(
                'select * from ' ~ figures_before(), 'intervals.interval_start_at'
            ) if execute else 'true' }}
        group by pairs.feeder, pairs.month_start_at
    ),

    compared as (
        select
            pairs.*,
            coalesce(so_far.reading_count, 0) as count_so_far,
            pairs.is_changed
            and (pairs.reading_count, pairs.net_mwh, pairs.peak_mw) is distinct from
            (coalesce(so_far.reading_count, 0), so_far.net_mwh, so_far.peak_mw) as is_restated
        from pairs
        left join so_far
            on
                pairs.feeder = so_far.feeder
                and pairs.month_start_at = so_far.month_start_at
    ),

    -- files that a month has now and did not have
    arrivals as (
        select
            compared.feeder,
            compared.month_start_at,
            compared.count_so_far > compared.reading_count as is_longer,
            files.file_id,
            files.release_of is not null as is_release
        from compared
        inner join {{ source('raw', 'files') }} as files
            on
                {{ is_one_of('files.file_id', 'compared.new_file_ids') }}
                and not coalesce({{ is_one_of('files.file_id', 'compared.file_ids') }}, false)
        where compared.is_restated
    ),

    causes as (
        select feeder, month_start_at, 'models or variables' as cause from compared
        where is_restated and code <> '{{ model_fingerprint() }}'
        union all
        select feeder, month_start_at, 'meter-data.csv' as cause from compared
        where feeder <> 'total' and meter_stamp <> new_meter_stamp
        union all
        select feeder, month_start_at, 'release' as cause from arrivals
        where is_release
        union all
        select feeder, month_start_at, 'late file' as cause from arrivals
        where not is_release and is_longer
        union all
        select arrivals.feeder, arrivals.month_start_at, 'correction' as cause
        from arrivals
        inner join {{ ref('corrections') }} as corrections
            on
                arrivals.feeder = corrections.feeder
                and arrivals.file_id = corrections.new_file_id
                and arrivals.month_start_at = date_trunc('month', corrections.interval_start_at)
        where not arrivals.is_release
        union all
        select compared.feeder, compared.month_start_at, 'withdrawal' as cause
        from compared
        inner join {{ source('raw', 'files') }} as files
            on {{ is_one_of('files.release_of', 'compared.file_ids') }}
        where compared.is_restated and files.outcome = 'withdrawn'
    ),

    -- else it was taken out of meter-data.csv, or a period was moved inside a file
    explained as (
        select feeder, month_start_at, cause from causes
        union all
        select compared.feeder, compared.month_start_at, 'meter-data.csv' as cause
        from compared
        left join causes
            on
                compared.feeder = causes.feeder
                and compared.month_start_at = causes.month_start_at
        where compared.is_restated and compared.feeder <> 'total' and causes.feeder is null
    ),

    -- the total has the causes of its members, and its own; that a feeder is taken out is one
    member_causes as (
        select compared.month_start_at, explained.cause
        from compared
        inner join explained
            on
                compared.feeder = explained.feeder
                and compared.month_start_at = explained.month_start_at
        where
            (compared.is_there or explained.cause <> 'meter-data.csv')
            and compared.feeder in (
                select meters.feeder from {{ ref('stg_meter_data') }} as meters
                where meters.total_factor <> 0
            )
        union all
        select month_start_at, 'members of the total' as cause from compared
        where feeder = 'total' and meter_stamp <> new_meter_stamp
        union all
        select month_start_at, cause from explained
        where feeder = 'total'
    ),

    all_causes as (
        select feeder, month_start_at, cause from explained
        where feeder <> 'total'
        union all
        select 'total' as feeder, month_start_at, cause from member_causes
        union all
        select feeder, month_start_at, 'new reading' as cause from compared
        where is_restated and new_count > count_so_far
    ),

    told as (
        select
            feeder,
            month_start_at,
            {{ ordered_list('cause') }} as cause
        from all_causes
        group by feeder, month_start_at
    ),

    -- a total that the last of its feeders completes is no news
    completed as (
        select distinct month_start_at from compared
        where feeder <> 'total' and new_count > count_so_far
    )

    select
        compared.feeder,
        compared.month_start_at,
        timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as restated_at,
        coalesce(told.cause, 'span of the total') as cause,
        compared.reading_count,
        compared.new_count,
        compared.net_mwh,
        compared.new_mwh,
        compared.peak_mw,
        compared.new_peak
        {{ by_run(", '" ~ invocation_id ~ "' as run") }}
    from compared
    left join told
        on
            compared.feeder = told.feeder
            and compared.month_start_at = told.month_start_at
    left join completed on compared.month_start_at = completed.month_start_at
    where
        compared.is_restated
        and not (
            compared.feeder = 'total'
            and coalesce(told.cause, 'new reading') = 'new reading'
            and completed.month_start_at is not null
        )
{%- endmacro %}
