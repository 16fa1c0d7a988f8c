-- one row per feeder and interval with a reading: its power, as measured, and whether it passed

{{ config(materialized="view") }}

with

unvalidated as (
    select feeder from {{ ref('rule_needs') }}
    where rule = 'implausible' and reason is not null
)

select
    profiles.feeder,
    profiles.interval_start_at,
    profiles.interval_minutes,
    profiles.start_local,
    profiles.mw_del,
    profiles.mw_rec,
    profiles.mw_net,
    profiles.can_be_peak,
    profiles.reading_quality,
    doubted.rule as validation_rule,
    case
        when profiles.mw_net is null then 'not_validated'
        when doubted.status is not null then doubted.status
        when unvalidated.feeder is not null then 'not_validated'
        else 'passed'
    end as validation_status,
    case
        when profiles.mw_net is null then null
        when doubted.status is not null then doubted.code
        when unvalidated.feeder is not null then null
        else '3.0.0'
    end as validation_code
from {{ ref('feeder_profiles') }} as profiles
left join {{ ref('interval_validations') }} as doubted
    on
        profiles.feeder = doubted.feeder
        and profiles.interval_start_at = doubted.interval_start_at
left join unvalidated on profiles.feeder = unvalidated.feeder
