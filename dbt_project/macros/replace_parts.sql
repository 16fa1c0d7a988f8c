{#- Incremental models that replace what is dirty. A partition is a UTC month of a feeder (or of
    the system, or all months of a feeder). A model names in `parts` the table that lists the
    partitions it should have, each with a fingerprint (`stamp`) of all that decides its rows, see
    models/fingerprints. model_parts holds the fingerprints of the partitions it has. Where the two
    differ the partition is deleted and rebuilt, in one transaction with its fingerprint: rows which
    a correction drops go too, and the next run catches up with one that was cut off. A model whose
    code has changed is rebuilt as a whole, see macros/fingerprints.sql. -#}

{% macro create_model_parts() -%}
    {{ adapter.dispatch('create_model_parts')() }}
{%- endmacro %}

{% macro duckdb__create_model_parts() -%}
    create table if not exists {{ target.schema }}.model_parts (
        model varchar not null,
        feeder varchar,
        month_start_at timestamp,
        stamp varchar not null,
        code varchar not null,
        is_tested boolean not null
    )
{%- endmacro %}

{# dbt's own macro, asked by `is_incremental` and the materialization: also if the code changed. #}
{% macro should_full_refresh() -%}
    {{- return(adapter.dispatch('should_full_refresh', 'load_profile')()) -}}
{%- endmacro %}

{% macro duckdb__should_full_refresh() -%}
    {%- if flags.FULL_REFRESH or not execute -%}
        {{- return(flags.FULL_REFRESH) -}}
    {%- endif -%}
    {%- set held -%}
        select count(*) from {{ target.schema }}.model_parts
        where model = '{{ model.name }}' and code = '{{ model_fingerprint() }}'
    {%- endset -%}
    {{- return(run_query(held).columns[0].values()[0] == 0) -}}
{%- endmacro %}

{# Whether only some partitions are rebuilt, not the whole model. #}
{% macro is_by_parts() -%}
    {{- return(adapter.dispatch('is_by_parts')()) -}}
{%- endmacro %}

{% macro duckdb__is_by_parts() -%}
    {{- return(is_incremental()) -}}
{%- endmacro %}

{# Feeder and month of every partition whose fingerprint is not the one that this model has. #}
{% macro dirty_parts(parts) -%}
    {{ adapter.dispatch('dirty_parts')(parts) }}
{%- endmacro %}

{% macro duckdb__dirty_parts(parts) -%}
    select feeder, month_start_at from {{ compared_parts(parts) }}
    where wanted_stamp is distinct from held_stamp
{%- endmacro %}

{# Every partition that there should be or that this model has, with both fingerprints. #}
{% macro compared_parts(parts) -%}
    (
        select
            coalesce(wanted.feeder, held.feeder) as feeder,
            coalesce(wanted.month_start_at, held.month_start_at) as month_start_at,
            wanted.stamp as wanted_stamp,
            held.stamp as held_stamp,
            held.code as held_code
        from {{ parts }} as wanted
        full join (
            select * from {{ this.schema }}.model_parts where model = '{{ this.name }}'
        ) as held
            on
                wanted.feeder is not distinct from held.feeder
                and wanted.month_start_at = held.month_start_at
    ) as compared
{%- endmacro %}

{# For `where`: this row belongs to a dirty partition; in a full build all do. #}
{% macro is_in_dirty_part(parts, time, feeder='feeder') -%}
    {%- if is_by_parts() -%}
        {{- is_in_parts(dirty_parts(parts), time, feeder) -}}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# True at least for every row of a dirty partition and for none more than a day outside the first
   and the last of them: written out, so that DuckDB skips what it need not read. #}
{% macro is_near_dirty_part(parts, time) -%}
    {%- if is_by_parts() -%}
        {{- is_near_parts(dirty_parts(parts), time) -}}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# True at least for every row whose time on any clock lies in a dirty partition. #}
{% macro is_around_dirty_part(parts, time) -%}
    {%- if is_by_parts() -%}
        {%- set around -%}
            select month_start_at from ({{ dirty_parts(parts) }})
            union all
            select {{ dbt.dateadd(
                'minute', '-1440', 'month_start_at'
            ) }} from ({{ dirty_parts(parts) }})
        {%- endset -%}
        {{- is_near_parts(around, time) -}}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro is_near_parts(parts, time) -%}
    {%- set ends -%}
        select
            cast(coalesce(min(month_start_at), timestamp '1000-01-01') as string) as first,
            cast(
                coalesce(max({{ dbt.dateadd(
                    'month', 1, 'month_start_at'
                ) }}), timestamp '1000-01-01') as string
            ) as until
        from ({{ parts }})
    {%- endset -%}
    {%- set first, until = run_query(ends).rows[0].values() -%}
    {{ time }} >= timestamp '{{ first }}'
    and {{ time }} < {{ dbt.dateadd('minute', 1440, "timestamp '" ~ until ~ "'") }}
{%- endmacro %}

{# The same for given partitions: (feeder, time) lies in one; without a time any month, without a
   feeder every feeder. #}
{% macro is_in_parts(parts, time, feeder) -%}
    {%- if feeder and time -%}
        {{ is_near_parts(parts, time) }}
        and ({{ feeder }}, date_trunc('month', {{ time }})) in (
            select feeder, month_start_at from ({{ parts }})
        )
    {%- elif feeder -%}
        {{ feeder }} in (select feeder from ({{ parts }}))
    {%- else -%}
        {{ is_near_parts(parts, time) }}
        and date_trunc('month', {{ time }}) in (select month_start_at from ({{ parts }}))
    {%- endif %}
{%- endmacro %}

{# True for the rows of every file that has one in a dirty partition; no other file need be read. A
   short list is written out, so that the scan itself passes over the others. #}
{% macro is_in_dirty_file(parts) -%}
    {%- set periods = ref('stg_file_periods') -%}
    {%- if is_by_parts() -%}
        {%- set files -%}
            select distinct periods.file_id
            from {{ periods }} as periods
            inner join ({{ dirty_parts(parts) }}) as dirty
                on
                    periods.feeder = dirty.feeder
                    and periods.period_from_at < {{ dbt.dateadd(
                        'month', 1, 'dirty.month_start_at'
                    ) }}
                    and periods.period_to_at > dirty.month_start_at
        {%- endset -%}
        {%- set found = run_query(files ~ ' order by 1 limit 1001').columns[0].values() | list -%}
        {%- if found | length <= 1000 -%}
            file_id in ({{ found | join(', ') or 'null' }})
        {%- else -%}
            file_id in ({{ files }})
        {%- endif -%}
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# dbt's hook for an incremental strategy of this name. #}
{% macro get_incremental_replace_parts_sql(arguments) -%}
    {%- set columns = get_quoted_csv(arguments.dest_columns | map(attribute='name')) -%}
    {%- set time, feeder = config.get('part_time'), config.get('part_feeder', 'feeder') -%}
    delete from {{ arguments.target_relation }}
    where {{ is_in_parts(dirty_parts(ref(config.get('parts'))), time, feeder) }};
    insert into {{ arguments.target_relation }} ({{ columns }})
    select {{ columns }} from {{ arguments.temp_relation }}
{%- endmacro %}

{# After a model is built, before its transaction ends: note which partitions it has now. #}
{% macro note_parts() -%}
    {%- if config.get('incremental_strategy') == 'replace_parts' -%}
        {{ adapter.dispatch('note_parts')() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__note_parts() -%}
    {%- set held = this.schema ~ '.model_parts' -%}
    {%- set wanted = ref(config.get('parts')) -%}
    delete from {{ held }}
    where model = '{{ this.name }}'
    {%- if is_incremental() %}
        and not exists (
            select 1 from {{ wanted }} as wanted
            where
                wanted.feeder is not distinct from model_parts.feeder
                and wanted.month_start_at = model_parts.month_start_at
                and wanted.stamp = model_parts.stamp
        )
    {%- endif %};
    insert into {{ held }}
    select '{{ this.name }}', wanted.feeder, wanted.month_start_at, wanted.stamp,
        '{{ model_fingerprint() }}', false
    from {{ wanted }} as wanted
    where not exists (
        select 1 from {{ held }} as held
        where
            held.model = '{{ this.name }}'
            and held.feeder is not distinct from wanted.feeder
            and held.month_start_at = wanted.month_start_at
    )
{%- endmacro %}

{#- In `dbt build` tests look at the partitions that were built since all tests of their model last
    passed; in `dbt test`, or with --vars '{full_tests: true}', at everything. -#}

{% macro are_tests_scoped() -%}
    {{- return(
        execute and flags.WHICH == 'build' and var('full_tests') | string | lower != 'true'
        and adapter.dispatch('can_scope_tests')()
    ) -}}
{%- endmacro %}

{% macro duckdb__can_scope_tests() -%}
    {{- return(true) -}}
{%- endmacro %}

{% macro untested_parts(model_name) -%}
    select feeder, month_start_at from {{ target.schema }}.model_parts
    where model = '{{ model_name }}' and not is_tested
    {%- if var('month') %} and month_start_at = timestamp '{{ var("month") }}'{% endif %}
{%- endmacro %}

{% macro is_untested(model_name, time, feeder='feeder') -%}
    {%- if are_tests_scoped() -%}
        ({{ is_in_parts(untested_parts(model_name), time, feeder) }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro is_near_untested(model_name, time) -%}
    {%- if are_tests_scoped() -%}
        ({{ is_near_parts(untested_parts(model_name), time) }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# At the end of `dbt build`: a model's partitions are tested when every test that reads it
   passed. #}
{% macro note_tested(results) -%}
    {%- if execute and flags.WHICH == 'build' and target.type == 'duckdb' -%}
        {%- set passed = [] -%}
        {%- for result in results if result.status in ('pass', 'warn') -%}
            {%- do passed.append(result.node.unique_id) -%}
        {%- endfor -%}
        {%- set models = ["''"] -%}
        {%- for model in graph.nodes.values() if model.resource_type == 'model' -%}
            {%- set open = [] -%}
            {%- for test in graph.nodes.values() if test.resource_type == 'test'
                and model.unique_id in test.depends_on.nodes and test.unique_id not in passed -%}
                {%- do open.append(test.unique_id) -%}
            {%- endfor -%}
            {%- if not open %}{% do models.append("'" ~ model.name ~ "'") %}{% endif -%}
        {%- endfor -%}
        update {{ target.schema }}.model_parts set is_tested = true
        where not is_tested and model in ({{ models | join(', ') }})
    {%- endif -%}
{%- endmacro %}
