-- one row per feeder and expected interval whose final value is not simply the actual one: edited,
-- estimated or missing

{% set channels = estimated_channels() %}
{% set is_gross = var('net_convention') == 'gross' %}
{% set against_low, against_high = ('low', 'high') if is_gross else ('high', 'low') %}

with

-- what takes the place of a channel's actual value
layers as (
    select
        coalesce(edited.feeder, estimates.feeder) as feeder,
        coalesce(edited.interval_start_at, estimates.interval_start_at) as interval_start_at,
        coalesce(edited.channel, estimates.channel) as channel,
        case when edited.edited is null then estimates.method else edited.method end as method,
        coalesce(edited.edited, estimates.estimate) as value,
        coalesce(edited.edited, estimates.low) as low,
        coalesce(edited.edited, estimates.high) as high,
        case
            when edited.edited = edited.actual then 'A'
            when edited.edited is not null then 'E'
            when estimates.method = 'outage' then 'A'
            when estimates.estimate is not null then 'S'
            else 'M'
        end as status
    from {{ ref('edited_values') }} as edited
    full join {{ ref('estimates') }} as estimates
        on
            edited.feeder = estimates.feeder
            and edited.interval_start_at = estimates.interval_start_at
            and edited.channel = estimates.channel
),

layered as (
    select
        {% for channel in channels -%}
            max(case when channel = '{{ channel }}' then status end) as {{ channel }}_status,
            max(case when channel = '{{ channel }}' then method end) as {{ channel }}_method,
            max(case when channel = '{{ channel }}' then value end) as {{ channel }},
            max(case when channel = '{{ channel }}' then low end) as {{ channel }}_low,
            max(case when channel = '{{ channel }}' then high end) as {{ channel }}_high,
        {% endfor -%}
        feeder,
        interval_start_at
    from layers
    group by feeder, interval_start_at
),

failed as (
    select
        feeder,
        interval_start_at
    from {{ ref('implausible_intervals') }}
    where feeder <> 'total'
),

touched as (
    select
        feeder,
        interval_start_at
    from layered
    union
    select * from failed
),

intervals as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.interval_minutes,
        profiles.actual_seconds,
        profiles.start_local,
        profiles.timezone,
        profiles.total_factor,
        true as is_reading,
        profiles.{{ channels | join(',\n        profiles.') }},
        profiles.mw_net,
        profiles.mva_net,
        profiles.pf_net
    from {{ ref('feeder_profiles') }} as profiles
    inner join touched
        on
            profiles.feeder = touched.feeder
            and profiles.interval_start_at = touched.interval_start_at
    union all
    select
        feeder,
        interval_start_at,
        interval_minutes,
        interval_minutes * 60 as actual_seconds,
        {{ to_local('interval_start_at', 'timezone') }} as start_local,
        timezone,
        total_factor,
        false as is_reading,
        {% for channel in channels -%}
            cast(null as decimal(28, 18)) as {{ channel }},
        {% endfor -%}
        cast(null as decimal(28, 18)) as mw_net,
        cast(null as decimal(28, 18)) as mva_net,
        cast(null as double) as pf_net
    from {{ ref('missing_intervals') }}
),

-- what failed is not final unless a decision accepts it
chosen as (
    select
        intervals.feeder,
        intervals.interval_start_at,
        intervals.interval_minutes,
        intervals.actual_seconds,
        intervals.start_local,
        intervals.timezone,
        intervals.total_factor,
        intervals.is_reading,
        {% for channel in channels -%}
            intervals.{{ channel }} as actual_{{ channel }},
            layered.{{ channel }}_method,
            case
                when layered.{{ channel }}_status is not null then layered.{{ channel }}_status
                when failed.feeder is null and intervals.{{ channel }} is not null then 'A'
                else 'M'
            end as {{ channel }}_status,
            {% for value in [channel, channel ~ '_low', channel ~ '_high'] -%}
                case
                    when layered.{{ channel }}_status is not null then layered.{{ value }}
                    when failed.feeder is null then intervals.{{ channel }}
                end as {{ value }},
            {% endfor -%}
        {% endfor -%}
        intervals.mw_net as actual_mw_net,
        intervals.mva_net as actual_mva_net,
        intervals.pf_net as actual_pf_net
    from intervals
    left join layered
        on
            intervals.feeder = layered.feeder
            and intervals.interval_start_at = layered.interval_start_at
    left join failed
        on
            intervals.feeder = failed.feeder
            and intervals.interval_start_at = failed.interval_start_at
),

-- doubles for roots, as in feeder_profiles, but of MW and MVA
netted as (
    select
        *,
        is_reading
        {% for channel in channels -%}
            and coalesce(
                {{ channel }} = actual_{{ channel }},
                {{ channel }} is null and actual_{{ channel }} is null
            )
        {% endfor -%} as is_as_read,
        {{ net_of('mw_del', 'mw_rec') }} as mw_net,
        case
            when mw_del_status = 'M' or mw_rec_status = 'M' then 'M'
            else greatest(mw_del_status, mw_rec_status)
        end as status,
        cast(1 as double) as mw_per_unit,
        cast(mw_del as double) as p_del,
        cast(mw_rec as double) as p_rec,
        cast(mva_del as double) as s_del,
        cast(mva_rec as double) as s_rec,
        cast(mvar_del as double) as q_del,
        cast(mvar_rec as double) as q_rec
    from chosen
),

apparent as (
    select
        *,
        case
            when mw_net is null then null
            when is_as_read then actual_mva_net
            {% if is_gross %}
                else mva_del + mva_rec
            {% else %}
                when q_del is not null and q_rec is not null
                    then greatest({{ rounded(
                        'sqrt(' ~ squared('p_del - p_rec') ~ ' + ' ~ squared('q_del - q_rec') ~ ')'
                    ) }}, abs(mw_net))
                when s_del is null or s_rec is null then null
                when p_rec = 0 and s_rec = 0 then greatest(mva_del, abs(mw_net))
                when p_del = 0 and s_del = 0 then greatest(mva_rec, abs(mw_net))
                else greatest({{ net_mva('+') }}, abs(mw_net))
            {% endif %}
        end as mva_net
    from netted
)

-- A < E < S, as letters are
select
    feeder,
    interval_start_at,
    cast(interval_minutes as bigint) as interval_minutes,
    cast(actual_seconds as bigint) as actual_seconds,
    start_local,
    timezone,
    total_factor,
    mw_del,
    mw_rec,
    mw_net,
    cast(mva_net as decimal(28, 18)) as mva_net,
    cast(mvar_del - mvar_rec as decimal(28, 18)) as mvar_net,
    case
        when is_as_read then actual_pf_net
        else abs(cast(mw_net as double)) / nullif(cast(mva_net as double), 0)
    end as pf_net,
    status,
    case
        when status = 'M' then null
        {% for condition in ["<> 'always_zero'", "is not null"] -%}
            {% for channel in ['mw_del', 'mw_rec'] -%}
                when {{ channel }}_status = status and {{ channel }}_method {{ condition }}
                    then {{ channel }}_method
            {% endfor -%}
        {% endfor -%}
    end as method,
    case
        when mva_net is not null
            then greatest(
                {% for channel in channels[2:] -%}
                    nullif({{ channel }}_status, 'M'),
                {% endfor -%}
                status
            )
    end as mva_status,
    case when status = 'S' then {{ net_of('mw_del_low', 'mw_rec_' ~ against_low) }} end
        as mw_net_low,
    case when status = 'S' then {{ net_of('mw_del_high', 'mw_rec_' ~ against_high) }} end
        as mw_net_high,
    cast(actual_mw_net as decimal(28, 18)) as actual_mw_net
from apparent
-- what a decision accepts is actual
where not is_as_read or mw_net is null
