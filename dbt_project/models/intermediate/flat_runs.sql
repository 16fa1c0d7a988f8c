-- one row per feeder and run of 4 or more equal readings in a row, cut where a UTC month ends

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="run_start_at"
) }}

{% set values = 'del_raw, rec_raw, kva_del_raw, kva_rec_raw, interval_minutes' %}
-- written out at each place: a CTE named twice would be made in full, with every reading
{% set readings -%}
    (
        select
            feeder,
            interval_start_at,
            {{ values }},
            case when event_handling = 'outage' then 1 else 0 end as outages
        from {{ ref('feeder_profiles') }}
        where
            {{ is_in_dirty_part(ref('read_months'), 'interval_start_at') }}
            and del_raw is not null
            and rec_raw is not null
    )
{%- endset %}

with

-- few readings are as the one before: only they are joined, and the first and last of a
-- month, which may go on in the next
repeated as (
    select
        readings.*,
        before.outages as outages_before,
        true as is_as_before
    from {{ readings }} as readings
    inner join {{ readings }} as before
        on
            readings.feeder = before.feeder
            and {{ dbt.dateadd(
                'minute', '-readings.interval_minutes', 'readings.interval_start_at'
            ) }}
            = before.interval_start_at
            and readings.interval_minutes = before.interval_minutes
            and readings.del_raw = before.del_raw
            and readings.rec_raw = before.rec_raw
            and readings.kva_del_raw is not distinct from before.kva_del_raw
            and readings.kva_rec_raw is not distinct from before.kva_rec_raw
    where
        date_trunc('month', readings.interval_start_at)
        = date_trunc('month', before.interval_start_at)
),

at_ends as (
    select
        ends.*,
        repeated.outages_before,
        coalesce(repeated.is_as_before, false) as is_as_before
    from {{ readings }} as ends
    left join repeated
        on ends.feeder = repeated.feeder and ends.interval_start_at = repeated.interval_start_at
    where
        ends.interval_start_at = date_trunc('month', ends.interval_start_at)
        or {{ dbt.dateadd('minute', 'ends.interval_minutes', 'ends.interval_start_at') }}
        >= {{ dbt.dateadd('month', 1, "date_trunc('month', ends.interval_start_at)") }}
),

kept as (
    select * from repeated
    union
    select * from at_ends
),

placed as (
    select
        *,
        date_trunc('month', interval_start_at) as month_start_at,
        {{ dbt.dateadd('minute', 'interval_minutes', 'interval_start_at') }} as interval_end_at,
        row_number() over (
            partition by feeder, date_trunc('month', interval_start_at), {{ values }}
            order by interval_start_at
        ) as place
    from kept
),

grouped as (
    select
        feeder,
        month_start_at,
        {{ values }},
        min(interval_start_at) as first_start_at,
        max(interval_end_at) as run_end_at,
        count(*) as kept_count,
        sum(outages) as outages,
        -- the reading that the first one is equal to was not kept
        case when bool_and(is_as_before) then 1 else 0 end as unkept_count,
        min_by(outages_before, interval_start_at) as outages_before
    from placed
    group by
        feeder, month_start_at, {{ values }},
        {{ dbt.dateadd('minute', '-interval_minutes * place', 'interval_start_at') }}
),

runs as (
    select
        feeder,
        month_start_at,
        {{ values }},
        cast(outages + unkept_count * coalesce(outages_before, 0) as bigint) as outage_count,
        {{ dbt.dateadd('minute', '-interval_minutes * unkept_count', 'first_start_at') }}
            as run_start_at,
        run_end_at,
        kept_count + unkept_count as interval_count
    from grouped
)

select * from runs
where
    interval_count >= 4
    or run_start_at = month_start_at
    or run_end_at >= {{ dbt.dateadd('month', 1, 'month_start_at') }}
