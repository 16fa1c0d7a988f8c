-- one row per reading that no peak may rest on by the day it is in, with the reason

{{ config(materialized="ephemeral") }}

with

system as (
    select * from {{ ref('stg_system') }}
),

looked_at as (
    select
        profiles.feeder,
        profiles.interval_start_at,
        profiles.interval_minutes,
        doubtful.local_date,
        doubtful.is_spiky,
        doubtful.is_lone,
        doubtful.third_highest_mw,
        doubtful.is_over,
        doubtful.may_be_code,
        doubtful.is_day_total,
        doubtful.limit_mva,
        doubtful.usual_mw,
        doubtful.highest_mw,
        abs(cast(profiles.mw_net as double)) as mw,
        3 * case
            when doubtful.day_count < 3 then doubtful.mean_mw else doubtful.middle_mw
        end as code_limit_mw,
        profiles.del_raw in ({{ error_codes() }})
        or profiles.rec_raw in ({{ error_codes() }}) as is_code,
        sum(case
            when
                abs(cast(profiles.mw_net as double))
                > {{ var('peak_rise') }} * doubtful.usual_mw
                then profiles.interval_minutes
            else 0
        end) over (partition by profiles.feeder, doubtful.local_date) as high_minutes
    from {{ ref('feeder_profiles') }} as profiles
    cross join system
    inner join {{ ref('doubtful_days') }} as doubtful
        on
            profiles.feeder = doubtful.feeder
            and {{ local_day('profiles.interval_start_at') }} = doubtful.local_date
    where profiles.mw_net is not null and profiles.can_be_peak
),

judged as (
    select
        feeder,
        interval_start_at,
        case
            when is_code and may_be_code and mw > code_limit_mw then 'error_code'
            when is_day_total and mw = highest_mw then 'whole_day'
            when is_over and mw > limit_mva then 'above_rating'
            when
                is_spiky and mw > {{ var('peak_rise') }} * usual_mw
                and high_minutes <= {{ var('spike_minutes') }} then 'spike'
            when is_lone and mw > 10 * third_highest_mw then 'spike'
        end as reason,
        case
            when is_code and may_be_code and mw > code_limit_mw then 2
            when is_day_total and mw = highest_mw then 4
            when is_over and mw > limit_mva then 5
            else 7
        end as place,
        case
            when is_code and may_be_code and mw > code_limit_mw then code_limit_mw
            when is_day_total and mw = highest_mw then null
            when is_over and mw > limit_mva then limit_mva
            when is_spiky then {{ var('peak_rise') }} * usual_mw
            else 10 * third_highest_mw
        end as limit_mw
    from looked_at
)

select * from judged
where reason is not null
