{#- The intervals of all feeders and of their total, whose name `total` no feeder can have. -#}

{# How many seconds a row may start beside its interval, or be shorter or longer than it, and still
   be that interval's reading: docs/rules.md#jitter, and never as much as half (a quarter) of a
   short interval.
   Where both of its ends are jitter, its length may be twice that. #}
{% macro offset_jitter(interval_minutes) -%}
    least(60, {{ interval_minutes }} * 30 - 1)
{%- endmacro %}

{% macro length_jitter(interval_minutes, most=60) -%}
    least({{ most }}, {{ interval_minutes }} * 15 - 1)
{%- endmacro %}

{% macro net_intervals() -%}
    (
        select
            feeder,
            interval_start_at,
            interval_minutes,
            actual_seconds,
            case
                when clock_offset_seconds <> 0
                    then {{ to_local('interval_start_at', 'timezone') }}
                else start_local
            end as start_local,
            timezone,
            can_be_peak,
            not is_off_time_grid as is_on_time_grid,
            total_factor,
            mw_per_unit,
            del_raw,
            rec_raw,
            kva_del_raw,
            kva_rec_raw,
            kvar_del_raw,
            kvar_rec_raw,
            mw_del,
            mw_rec,
            mw_net,
            mw_gross,
            mva_net,
            mva_gross,
            mvar_del,
            mvar_rec,
            mvar_net,
            pf_net
        from {{ ref('feeder_profiles') }}
        union all
        select
            'total' as feeder,
            interval_start_at,
            interval_minutes,
            interval_minutes * 60 as actual_seconds,
            start_local,
            timezone,
            can_be_peak,
            true as is_on_time_grid,
            cast(null as decimal(9, 6)) as total_factor,
            cast(null as double) as mw_per_unit,
            cast(null as decimal(18, 6)) as del_raw,
            cast(null as decimal(18, 6)) as rec_raw,
            cast(null as decimal(18, 6)) as kva_del_raw,
            cast(null as decimal(18, 6)) as kva_rec_raw,
            cast(null as decimal(18, 6)) as kvar_del_raw,
            cast(null as decimal(18, 6)) as kvar_rec_raw,
            cast(mw_del_total as decimal(28, 18)) as mw_del,
            cast(mw_rec_total as decimal(28, 18)) as mw_rec,
            cast(mw_total as decimal(28, 18)) as mw_net,
            cast(mw_gross_total as decimal(28, 18)) as mw_gross,
            cast(mva_total as decimal(28, 18)) as mva_net,
            cast(null as decimal(28, 18)) as mva_gross,
            cast(mvar_del_total as decimal(28, 18)) as mvar_del,
            cast(mvar_rec_total as decimal(28, 18)) as mvar_rec,
            cast(mvar_total as decimal(28, 18)) as mvar_net,
            pf_total as pf_net
        from {{ ref('combined_profiles') }}
    )
{%- endmacro %}

{# The same on the system's clock, of the feeders with a dirty month; near these months, or at any
   time. #}
{% macro dated_intervals(parts, at_any_time=false) -%}
    (
        select
            *,
            cast(local_start as date) as local_date
        from (
            select
                intervals.*,
                system.timezone as system_timezone,
                case
                    when intervals.timezone = system.timezone then intervals.start_local
                    else {{ to_local('intervals.interval_start_at', 'system.timezone') }}
                end as local_start
            from {{ net_intervals() }} as intervals
            cross join {{ ref('stg_system') }} as system
            where
                {{ is_in_dirty_part(parts, '', 'intervals.feeder') }}
                and {{ 'true' if at_any_time
                    else is_around_dirty_part(parts, 'intervals.interval_start_at') }}
        ) as placed
    )
{%- endmacro %}

{# A moment that all intervals of one run share, and no others of the partition: along a run, a
   start and its place in the order drift apart by nothing. #}
{% macro run_of(partition=[]) -%}
    {{ dbt.dateadd(
        'minute',
        '-interval_minutes * row_number() over ('
        ~ ('partition by ' ~ partition | join(', ') ~ ' ' if partition else '')
        ~ 'order by interval_start_at)',
        'interval_start_at'
    ) }}
{%- endmacro %}
