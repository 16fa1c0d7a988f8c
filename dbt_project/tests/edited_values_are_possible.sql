-- An edited value is validated as a measured one is: what no meter could have measured is named
-- with its decision. It is compared with the other values of its interval after all decisions.
{{ config(severity="warn", meta={"dagster": {"ref": {"name": "edited_values"}}}) }}

{% set channels = ['mw_del', 'mw_rec', 'mva_del', 'mva_rec'] %}

with

intervals as (
    select
        feeder,
        interval_start_at,
        max(decision) as decision,
        {% for channel in channels -%}
            max(case when channel = '{{ channel }}' then edited end) as new_{{ channel }},
            count(case when channel = '{{ channel }}' then 1 end) as {{ channel }}_count,
        {% endfor -%}
        min(edited) as lowest,
        max(abs(edited)) as highest
    from {{ ref('edited_values') }}
    where
        channel not like 'mvar%'
        and coalesce(shift_result, '') <> 'own_value_kept'
    group by feeder, interval_start_at
),

after_all as (
    select
        intervals.feeder,
        intervals.interval_start_at,
        intervals.decision,
        intervals.lowest,
        intervals.highest,
        {% for channel in channels -%}
            case
                when intervals.{{ channel }}_count > 0 then intervals.new_{{ channel }}
                else profiles.{{ channel }}
            end as {{ channel }},
        {% endfor -%}
        cast(meters.rating_mva as double) * {{ var('above_rating_factor') }} as limit_mva,
        case
            when meters.rating_mva is null and history.day_count >= {{ var('usual_days') }}
                then {{ var('implausible_factor') }} * history.usual_mw
        end as usual_limit_mw
    from intervals
    left join {{ ref('feeder_profiles') }} as profiles
        on
            intervals.feeder = profiles.feeder
            and intervals.interval_start_at = profiles.interval_start_at
    left join {{ ref('stg_meter_data') }} as meters
        on
            intervals.feeder = meters.feeder
            and coalesce(intervals.interval_start_at >= meters.valid_from_at, true)
            and coalesce(intervals.interval_start_at < meters.valid_to_at, true)
    left join {{ ref('usual_power') }} as history on intervals.feeder = history.feeder
),

impossible as (
    select
        *,
        case
            when lowest < 0 then 'negative'
            when cast(highest as double) > limit_mva
                then 'above {{ var("above_rating_factor") }} x rating_mva'
            when greatest(abs(cast(mw_del as double)), abs(cast(mw_rec as double))) > usual_limit_mw
                then '{{ var("implausible_factor") }} times what is usual, or more'
            {% for direction in ['del', 'rec'] -%}
                when
                    abs(cast(mw_{{ direction }} as double))
                    > cast(mva_{{ direction }} as double) * (1 + {{ var('kvar_class') }}) + 1e-9
                    then 'kVA below kW'
            {% endfor -%}
        end as reason
    from after_all
),

reasons as (
    select
        decision,
        reason,
        cast(max(highest) as double) as highest,
        count(*) as interval_count,
        min(interval_start_at) as first_at
    from impossible
    where reason is not null
    group by decision, reason
)

select
    'if it is wrong, load-profile decide revoke ' || cast(decisions.decision as string) as advice,
    {{ decision_in_words('decisions') }} || ' makes values that cannot be in '
    || {{ counted('reasons.interval_count', 'interval') }} || ': ' || reasons.reason
    || ', up to ' || {{ shown('reasons.highest', 3) }} || ' MW or MVA, the first at '
    || {{ to_the_minute('reasons.first_at') }} || ' UTC' as words
from reasons
inner join {{ ref('decisions') }} as decisions on reasons.decision = decisions.decision
