{#- What the two detectors that compare kVA with other channels share. -#}

{# The CTEs `doubtful` and `readings`: the raw channels of the days in which feeder_days counts
   something in `days_with`, without signs, and the step of each from the reading before, from which
   its least count is known. `channels` are name, delivered and received. #}
{% macro doubtful_channels(days_with, channels) -%}
doubtful as (
    select
        feeder,
        local_date
    from {{ ref('feeder_days') }}
    where {{ days_with }} > 0
),

readings as (
    select
        profiles.feeder,
        profiles.meter,
        doubtful.local_date
    {%- for name, delivered, received in channels %},
            abs(profiles.{{ delivered }}) as {{ delivered }},
            abs(profiles.{{ received }}) as {{ received }},
            abs(greatest(profiles.{{ delivered }}, profiles.{{ received }}) - lag(
                greatest(profiles.{{ delivered }}, profiles.{{ received }})
            ) over meters) as {{ name }}_step
    {%- endfor %}
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join doubtful
        on
            profiles.feeder = doubtful.feeder
            and {{ local_day('profiles.interval_start_at') }} = doubtful.local_date
    where
        true
    {%- for _, delivered, received in channels %}
            and profiles.{{ delivered }} + profiles.{{ received }} is not null
    {%- endfor %}
    window meters as (
        partition by profiles.feeder, profiles.meter order by profiles.interval_start_at
    )
)
{%- endmacro %}

{# One count of each channel added up, from the steps of `readings`. #}
{% macro least_counts(channels) -%}
    {% for name, _, _ in channels -%}
        cast(coalesce({{ quantile('nullif(' ~ name ~ '_step, 0)', 0.01) }}, 0.01) as double)
        {{- ' + ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
