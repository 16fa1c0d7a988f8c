-- one row per feeder and interval of the system in which its final value is not simply the actual
-- one, or unknown: what it adds to the total, as measured and in the end

{% set values = ['mw_net', 'mw_low', 'mw_high'] %}
{% set columns = [
    'member', 'layer', 'feeder', 'interval_start_at', 'actual_seconds', 'system_minutes',
    'system_seconds', 'total_factor', 'is_reading', 'status',
] + values %}

with

system as (
    select * from {{ ref('stg_system') }}
),

exceptions as (
    select
        exceptions.*,
        {{ floor_to_grid(
            'exceptions.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as system_start_at
    from {{ ref('final_exceptions') }} as exceptions
    cross join system
),

incomplete as (
    select interval_start_at as system_start_at
    from {{ ref('combined_profiles') }}
    where feeders_reporting < feeders_expected
),

profiles as {{ inlined() }} (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.actual_seconds,
        profiles.total_factor,
        profiles.mw_net,
        {{ floor_to_grid(
            'profiles.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as system_start_at,
        system.interval_minutes * 60 as system_seconds
    from {{ ref('feeder_profiles') }} as profiles
    cross join system
),

touched as (
    select
        feeder,
        system_start_at
    from exceptions
    union
    select
        profiles.feeder,
        profiles.system_start_at
    from profiles
    inner join incomplete on profiles.system_start_at = incomplete.system_start_at
    where
        profiles.mw_net is null
        or profiles.interval_start_at <> profiles.system_start_at
        or profiles.actual_seconds <> profiles.system_seconds
),

readings as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.actual_seconds,
        profiles.total_factor,
        profiles.mw_net
    from profiles
    inner join touched
        on
            profiles.feeder = touched.feeder
            and profiles.system_start_at = touched.system_start_at
),

layers as (
    select
        'actual' as layer,
        feeder,
        interval_start_at,
        actual_seconds,
        total_factor,
        true as is_reading,
        'A' as status,
        mw_net,
        mw_net as mw_low,
        mw_net as mw_high
    from readings
    union all
    select
        'actual' as layer,
        feeder,
        interval_start_at,
        interval_minutes * 60 as actual_seconds,
        total_factor,
        false as is_reading,
        'M' as status,
        null as mw_net,
        null as mw_low,
        null as mw_high
    from {{ ref('missing_intervals') }}
    union all
    select
        'final' as layer,
        readings.feeder,
        readings.interval_start_at,
        readings.actual_seconds,
        readings.total_factor,
        true as is_reading,
        'A' as status,
        readings.mw_net,
        readings.mw_net as mw_low,
        readings.mw_net as mw_high
    from readings
    anti join exceptions
        on
            readings.feeder = exceptions.feeder
            and readings.interval_start_at = exceptions.interval_start_at
    union all
    select
        'final' as layer,
        feeder,
        interval_start_at,
        actual_seconds,
        total_factor,
        mw_net is not null as is_reading,
        status,
        mw_net,
        case when status = 'S' then mw_net_low else mw_net end as mw_low,
        case when status = 'S' then mw_net_high else mw_net end as mw_high
    from exceptions
),

members as (
    select
        *,
        layer || ' ' || feeder as member
    from layers
),

{{ placed_in_system(columns, 'member') }},

-- as combined_profiles has it: weighted, and averaged where shorter ones fill the interval together
weighed as (
    select
        *,
        total_factor <> 0 as is_in_total,
        least(actual_seconds, system_seconds) as filled_seconds,
        {{ weighted('mw_net', 'total_factor') }} as mw,
        {{ weighted('case when total_factor < 0 then mw_high else mw_low end', 'total_factor') }}
            as low,
        {{ weighted('case when total_factor < 0 then mw_low else mw_high end', 'total_factor') }}
            as high,
        mw_low is not null and mw_high is not null as has_band
    from in_system
),

averaged as (
    select
        layer,
        feeder,
        system_start_at,
        is_in_total,
        status,
        mw_net,
        mw,
        low,
        high,
        mw_net is not null as is_known,
        has_band
    from weighed
    where is_whole
    union all
    select
        layer,
        feeder,
        system_start_at,
        is_in_total,
        max(status) as status,
        {% for power in ['mw_net', 'mw', 'low', 'high'] -%}
            {{ rounded('cast(sum(' ~ power ~ ' * filled_seconds) as double) / system_seconds') }}
                as {{ power }},
        {% endfor -%}
        bool_and(is_adjoining and mw_net is not null)
        and sum(filled_seconds) = system_seconds as is_known,
        bool_and(has_band) as has_band
    from weighed
    where not is_whole
    group by layer, feeder, system_start_at, system_seconds, is_in_total
),

finals as (
    select * from averaged
    where layer = 'final'
),

actuals as (
    select * from averaged
    where layer = 'actual'
)

select
    finals.feeder,
    finals.system_start_at as interval_start_at,
    finals.is_in_total,
    case when finals.is_known then finals.status else 'M' end as status,
    coalesce(actuals.is_known, false) as was_known,
    case when finals.is_known then finals.mw_net end as mw_net,
    coalesce(actuals.mw, 0) as actual_mw,
    case when finals.is_known then finals.mw end as final_mw,
    case when finals.is_known and finals.has_band then finals.low end as low_mw,
    case when finals.is_known and finals.has_band then finals.high end as high_mw
from finals
left join actuals
    on
        finals.feeder = actuals.feeder
        and finals.system_start_at = actuals.system_start_at
        and finals.is_in_total = actuals.is_in_total
