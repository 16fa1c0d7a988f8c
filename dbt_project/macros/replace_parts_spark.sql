{#- macros/replace_parts.sql on Apache Spark, whose Parquet tables cannot delete or change a row. A
    table is partitioned by month (`part_month`), and so is model_parts, by model and month. A
    feeder's month whose fingerprint differs makes the month dirty, for all feeders; dirty months are
    overwritten. What has no month (a feeder's gaps) is rebuilt as a whole.

    Statements do not form one transaction here. The fingerprints of a month are removed
    before its rows are touched and written when it is whole: a run that is killed leaves a dirty
    month behind.

    With --vars '{month: 2021-07-01}' only that month is built, so that months can run apart. -#}

{% macro spark__create_model_parts() -%}
    create table if not exists {{ target.schema }}.model_parts (
        feeder string,
        month_start_at timestamp,
        stamp string,
        code string,
        is_tested boolean,
        model string,
        part_month date
    ) using parquet partitioned by (model, part_month)
{%- endmacro %}

{# Changed code makes all months dirty; only a table without months is rebuilt as a whole. #}
{% macro spark__should_full_refresh() -%}
    {{- return(flags.FULL_REFRESH or not config.get('part_time')) -}}
{%- endmacro %}

{% macro spark__is_by_parts() -%}
    {{- return(
        execute and config.get('part_time') and (is_incremental() or var('month'))
    ) -}}
{%- endmacro %}

{% macro spark__dirty_parts(parts) -%}
    select feeder, month_start_at
    from (
        select
            feeder,
            month_start_at,
            max(case
                when
                    wanted_stamp is distinct from held_stamp
                    or held_code <> '{{ model_fingerprint() }}'
                    then 1
                else 0
            end) over (partition by month_start_at) as is_dirty
        from {{ compared_parts(parts) }}
    ) as judged
    where
        is_dirty = 1
        and {{ is_wanted_month() }}
{%- endmacro %}

{# Of partitions with a month, those of the month that is built. #}
{% macro is_wanted_month() -%}
    {%- if var('month') and config.get('part_time') -%}
        month_start_at = timestamp '{{ var("month") }}'
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Months in which a fingerprint differs, as text. #}
{% macro dirty_months() -%}
    {%- set months -%}
        select distinct cast(cast(month_start_at as date) as string) as part_month
        from ({{ dirty_parts(ref(config.get('parts'))) }}) as dirty
        order by 1
    {%- endset -%}
    {{- return(run_query(months).columns[0].values() | list) -}}
{%- endmacro %}

{# The fingerprints of a month, or of all months of a model, and their rows, if it has any. #}
{% macro drop_months(table, months, model='') -%}
    {%- for month in months -%}
        {%- set partition -%}
            {{ "model = '" ~ model ~ "', " if model }}part_month = date '{{ month }}'
        {%- endset -%}
        {%- do run_query(
            'alter table ' ~ table ~ ' drop if exists partition (' ~ partition ~ ')'
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro forget_parts() -%}
    {%- set statement -%}
        alter table {{ this.schema }}.model_parts
        drop if exists partition (model = '{{ this.name }}')
    {%- endset -%}
    {%- do run_query(statement) -%}
{%- endmacro %}

{% macro spark__note_parts() -%}
    {%- set months = dirty_months() if execute else [] -%}
    {%- if months -%}
    {#- not `insert into`, whose jobs share one folder and end each other -#}
    insert overwrite {{ this.schema }}.model_parts partition (model, part_month)
    select
        feeder,
        month_start_at,
        stamp,
        '{{ model_fingerprint() }}' as code,
        false as is_tested,
        '{{ this.name }}' as model,
        cast(month_start_at as date) as part_month
    from {{ ref(config.get('parts')) }}
    where cast(cast(month_start_at as date) as string) in ('{{ months | join("', '") }}')
    {%- endif -%}
{%- endmacro %}

{# A test looks at everything, or at the month that is built. #}
{% macro spark__can_scope_tests() -%}
    {{- return(var('month') != '') -}}
{%- endmacro %}

{% macro has_other_columns(held, sql) -%}
    {%- set names = adapter.get_columns_in_relation(held) | map(attribute='name') | list -%}
    {{- return(names != get_columns_in_query(sql) + ['part_month']) -}}
{%- endmacro %}

{% materialization incremental, adapter='spark' -%}
    {%- set held = load_relation(this) -%}
    {%- set is_monthly = config.get('part_time') -%}
    {%- set months = dirty_months() -%}
    {{ run_hooks(pre_hooks) }}
    {%- set rows -%}
        {%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif %}
        select
            {% if is_monthly %}/*+ rebalance(part_month) */{% endif %} made.*
            {%- if is_monthly %}, cast(
                date_trunc('month', {{ config.get('part_time') }}) as date
            ) as part_month{% endif %}
        from ({{ sql }}) as made
    {%- endset -%}

    {%- if held and not is_monthly and not months and not flags.FULL_REFRESH -%}
        {%- call statement('main') -%} select 'every part is as it should be' {%- endcall -%}
    {%- elif not held or should_full_refresh() or has_other_columns(held, sql) -%}
        {%- do forget_parts() -%}
        {%- if held %}{% do adapter.drop_relation(held) %}{% endif -%}
        {%- call statement('main') -%}
            create table {{ this }} using parquet
            {{ 'partitioned by (part_month)' if is_monthly }} as {{ rows }}
        {%- endcall -%}
    {%- elif months -%}
        {%- do drop_months(this.schema ~ '.model_parts', months, this.name) -%}
        {#- a month that has no row any more would not be overwritten by any -#}
        {%- do drop_months(this, months) -%}
        {%- call statement('main') -%}
            insert overwrite {{ this }} partition (part_month) {{ rows }}
        {%- endcall -%}
    {%- else -%}
        {%- call statement('main') -%} select 'every part is as it should be' {%- endcall -%}
    {%- endif -%}

    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [this.incorporate(type='table')]}) }}
{%- endmaterialization %}
