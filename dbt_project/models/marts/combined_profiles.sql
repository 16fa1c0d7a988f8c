-- one row per interval of the system: all feeders together

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="system_months",
    part_time="interval_start_at",
    part_feeder=""
) }}

{% set key = 'feeder, system_start_at, system_minutes, timezone' %}
{% set sums = [
    'feeders_expected', 'feeders_reporting', 'missing_feeders', 'can_be_peak', 'mw_total',
    'mw_del_total', 'mw_rec_total', 'mw_gross_total', 'mw_total_partial', 'mvar_total',
    'mvar_del_total', 'mvar_rec_total', 'mvar_total_partial', 'mva_total',
] %}
{% set mvars = ['mvar_net', 'mvar_del', 'mvar_rec'] %}

with

-- what each feeder adds to the total; an apparent power never takes away
members as (
    select
        {{ key }},
        system_seconds,
        is_whole,
        is_adjoining,
        can_be_peak,
        least(actual_seconds, system_seconds) as filled_seconds,
        {% for power in ['mw_del', 'mw_rec', 'mw_net', 'mw_gross'] + mvars -%}
            {{ weighted(power, 'total_factor') }} as {{ power }},
        {% endfor -%}
        {{ weighted('mva_net', 'abs(total_factor)') }} as mva,
        {{ weighted('mva_net_min', 'abs(total_factor)') }} as mva_min
    from {{ ref('system_readings') }}
    where total_factor <> 0 and {{ is_near_dirty_part(ref('system_months'), 'system_start_at') }}
),

-- shorter ones must fill the interval together; their mean is weighted by time
averaged as (
    select
        {{ key }},
        mw_net is not null as is_known,
        mva is not null as is_mva_known,
        mvar_net is not null as is_mvar_known,
        can_be_peak,
        {{ mvars | join(', ') }},
        mw_del, mw_rec, mw_net, mw_gross, mva, mva_min
    from members
    where is_whole
    union all
    select
        {{ key }},
        {% for power, flag in [
            ('mw_net', 'is_known'), ('mva', 'is_mva_known'), ('mvar_net', 'is_mvar_known'),
        ] -%}
            bool_and(is_adjoining and {{ power }} is not null)
            and sum(filled_seconds) = system_seconds as {{ flag }},
        {% endfor -%}
        bool_and(can_be_peak) as can_be_peak,
        {% for power in mvars + ['mw_del', 'mw_rec', 'mw_net', 'mw_gross', 'mva'] -%}
            {{ rounded('cast(sum(' ~ power ~ ' * filled_seconds) as double) / system_seconds') }}
                as {{ power }},
        {% endfor -%}
        -- from one piece to the next the reactive power may change its sign: nothing is sure of it
        abs({{ rounded('cast(sum(mw_net * filled_seconds) as double) / system_seconds') }})
            as mva_min
    from members
    where not is_whole
    group by {{ key }}, system_seconds
),

-- what reactive power each feeder has at most, and at least
reactive as (
    select
        *,
        {{ reactive('mva', 'mw_net') }} as mvar_max,
        {{ reactive('mva_min', 'mw_net') }} as mvar_min
    from averaged
),

summed as (
    select
        system_start_at,
        system_minutes,
        timezone,
        cast(count(*) as bigint) as feeders_expected,
        cast(count(case when is_known then feeder end) as bigint) as feeders_reporting,
        {{ ordered_list('case when not is_known then feeder end') }} as missing_feeders,
        bool_and(is_known and can_be_peak) as can_be_peak,
        cast(sum(mw_net) as decimal(38, 18)) as mw_total_partial,
        -- a total is known only when every expected feeder reports: missing is never 0
        {% for power in ['net', 'del', 'rec', 'gross'] -%}
            case when bool_and(is_known) then cast(sum(mw_{{ power }}) as decimal(38, 18)) end
                as mw_{{ power ~ '_' if power != 'net' }}total,
        {% endfor -%}
        -- known with each one's own signs: they add, and may cancel
        {% for power in mvars -%}
            case when bool_and(is_mvar_known) then cast(sum({{ power }}) as decimal(38, 18)) end
                as {{ power | replace('_net', '') }}_total,
        {% endfor -%}
        cast(sum(mvar_net) as decimal(38, 18)) as mvar_total_partial,
        case when bool_and(is_mva_known) then cast(sum(mva) as decimal(38, 18)) end as mva_total,
        -- that of one feeder which all the others together cannot cancel, whatever its sign
        greatest(cast(max(mvar_min + mvar_max) - sum(mvar_max) as double), 0) as mvar_total_min
    from reactive
    group by system_start_at, system_minutes, timezone
),

vectors as (
    select
        *,
        case
            when mvar_total is null or mw_total is null then null
            -- roots of feeders were rounded, each by itself
            else least(mva_total, greatest(abs(mw_total), {{ rounded(
                'sqrt(' ~ squared('cast(mw_total as double)') ~ ' + '
                ~ squared('cast(mvar_total as double)') ~ ')'
            ) }}))
        end as mva_total_vector
    from summed
),

bounded as (
    select
        *,
        case
            when mva_total is null then null
            when mva_total_vector is not null then mva_total_vector
            when mvar_total_min > 0
                then least(mva_total, greatest(abs(mw_total), {{ rounded(
                    'sqrt(' ~ squared('cast(mw_total as double)') ~ ' + '
                    ~ squared('mvar_total_min') ~ ')'
                ) }}))
            else abs(mw_total)
        end as mva_total_min
    from vectors
)

select
    system_start_at as interval_start_at,
    system_minutes as interval_minutes,
    {{ to_local('system_start_at', 'timezone') }} as start_local,
    timezone,
    {{ sums | join(', ') }},
    cast(mva_total_min as decimal(38, 18)) as mva_total_min,
    cast(mva_total_vector as decimal(38, 18)) as mva_total_vector,
    cast(abs(mw_total) as double) / nullif(cast(mva_total as double), 0) as pf_total,
    cast(abs(mw_total) as double) / nullif(cast(mva_total_min as double), 0) as pf_total_max,
    cast(abs(mw_total) as double) / nullif(cast(mva_total_vector as double), 0) as pf_total_vector
from bounded
where {{ is_in_dirty_part(ref('system_months'), 'system_start_at', '') }}
