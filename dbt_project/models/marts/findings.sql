-- one row per thing that looks wrong, from all detectors

{{ config(post_hook="{{ say_findings() }}") }}

with

found as (
    {% for detector in [
        'energy_unit', 'above_rating', 'step', 'kva_below_kw', 'swap', 'clock', 'stuck', 'spike',
        'zero_run', 'other_unit', 'interval_length', 'unclear_time', 'outside_periods',
        'period_hole', 'quiet', 'clock_offset', 'negative', 'out_of_range',
        'equal_files', 'repeated_day',
        'register', 'unit_step', 'implausible', 'implausible_kva',
        'kva_above_kw', 'kva_kvar_conflict', 'event_word', 'register_check', 'small_total',
        'far_apart',
    ] %}
        select
            '{{ detector }}' as rule,
            severity,
            feeder,
            first_date,
            last_date,
            evidence,
            meaning
        from {{ ref('detect_' ~ detector) }}
        {{ "union all" if not loop.last }}
    {% endfor %}
),

system as (
    select * from {{ ref('stg_system') }}
),

clocks as (
    select
        feeder,
        timezone
    from {{ ref('stg_meter_data') }}
    union
    select
        meters.feeder,
        system.timezone
    from {{ ref('stg_meter_data') }} as meters
    cross join system
    union
    select
        'total' as feeder,
        timezone
    from system
),

-- days are those of the system's clock; people may mean those of the meter's
known_days as (
    select
        decisions.decision,
        decisions.action,
        decisions.feeder,
        decisions.rule,
        decisions.channel,
        cast({{ dbt.dateadd(
            "second", "86399", to_local("decisions.first_start_at", "clocks.timezone")
        ) }} as date) as from_date,
        cast({{ to_local('decisions.until_at', 'clocks.timezone') }} as date) as until_date
    from {{ ref('decisions') }} as decisions
    inner join clocks on decisions.feeder = clocks.feeder
    where decisions.is_in_force
)

select
    found.rule,
    found.severity,
    found.feeder,
    found.first_date,
    found.last_date,
    found.evidence,
    found.meaning,
    cast(max(known_days.decision) as bigint) as acknowledged_by
from found
left join known_days
    on
        found.feeder = known_days.feeder
        and found.first_date >= known_days.from_date
        and found.last_date < known_days.until_date
        and {{ is_known_by('found.rule', 'known_days') }}
group by
    found.rule, found.severity, found.feeder, found.first_date, found.last_date,
    found.evidence, found.meaning
