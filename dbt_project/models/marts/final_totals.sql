-- one row per interval of the system: the strict, the final and the partial total

{{ config(materialized="view") }}

with

profiles as (
    select * from {{ ref('combined_profiles') }}
),

changes as (
    select
        interval_start_at,
        cast(sum(coalesce(final_mw, 0) - actual_mw) as decimal(32, 18)) as change_mw,
        count(case when status = 'E' then feeder end) as edited_count,
        count(case when status = 'S' then feeder end) as estimated_count,
        count(case when status = 'M' then feeder end) as missing_count,
        count(case when status = 'A' and not was_known then feeder end) as outage_count,
        {{ ordered_list("case when status = 'M' then feeder end") }} as missing_feeders,
        bool_and(low_mw is not null) as has_band,
        cast(sum(low_mw - final_mw) as decimal(32, 18)) as below_mw,
        cast(sum(high_mw - final_mw) as decimal(32, 18)) as above_mw
    from {{ ref('final_members') }}
    where is_in_total
    group by interval_start_at
),

-- measured and not failed, but not passed either
suspect as (
    select distinct {{ floor_to_grid(
        'doubted.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
    ) }} as interval_start_at
    from {{ ref('interval_validations') }} as doubted
    cross join {{ ref('stg_system') }} as system
    inner join {{ ref('feeder_profiles') }} as readings
        on
            doubted.feeder = readings.feeder
            and doubted.interval_start_at = readings.interval_start_at
    where doubted.status = 'suspect' and readings.total_factor <> 0
),

unvalidated_spans as (
    select distinct
        spans.first_start_at,
        spans.until_at
    from {{ ref('expected_periods') }} as spans
    inner join {{ ref('rule_needs') }} as needs on spans.feeder = needs.feeder
    where
        needs.rule = 'implausible'
        and needs.reason is not null
        and spans.total_factor <> 0
        and spans.first_start_at < spans.until_at
),

unvalidated as (
    select distinct profiles.interval_start_at
    from profiles
    inner join unvalidated_spans as spans
        on
            profiles.interval_start_at < spans.until_at
            and {{ dbt.dateadd(
                'minute', 'profiles.interval_minutes', 'profiles.interval_start_at'
            ) }} > spans.first_start_at
),

counted as (
    select
        profiles.*,
        changes.has_band,
        changes.below_mw,
        changes.above_mw,
        changes.missing_feeders as still_missing,
        -- of types whose sum has room for all 18 decimals
        coalesce(cast(profiles.mw_total_partial as decimal(32, 18)), 0)
        + coalesce(changes.change_mw, 0) as mw,
        coalesce(changes.edited_count, 0) as edited_count,
        coalesce(changes.estimated_count, 0) as estimated_count,
        coalesce(changes.missing_count, 0) as missing_count,
        case
            when changes.missing_count > 0 then 'missing'
            when changes.estimated_count > 0 then 'estimated'
            when changes.edited_count > 0 then 'edited'
            when changes.outage_count > 0 then 'outage'
            when unvalidated.interval_start_at is not null then 'not_validated'
            when suspect.interval_start_at is not null then 'suspect'
            else 'passed'
        end as quality
    from profiles
    left join changes on profiles.interval_start_at = changes.interval_start_at
    left join suspect on profiles.interval_start_at = suspect.interval_start_at
    left join unvalidated on profiles.interval_start_at = unvalidated.interval_start_at
)

select
    interval_start_at,
    interval_minutes,
    start_local,
    timezone,
    feeders_expected,
    cast(feeders_expected - edited_count - estimated_count - missing_count as bigint)
        as feeders_actual,
    cast(edited_count as bigint) as feeders_edited,
    cast(estimated_count as bigint) as feeders_estimated,
    cast(missing_count as bigint) as feeders_missing,
    still_missing as missing_feeders,
    quality,
    case when quality = 'passed' then mw_total end as mw_strict,
    case when missing_count = 0 then cast(mw as decimal(38, 18)) end as mw_final,
    case when missing_count < feeders_expected then cast(mw as decimal(38, 18)) end as mw_partial,
    case
        when missing_count = 0 and estimated_count > 0 and has_band
            then cast(mw + below_mw as decimal(38, 18))
    end as mw_final_low,
    case
        when missing_count = 0 and estimated_count > 0 and has_band
            then cast(mw + above_mw as decimal(38, 18))
    end as mw_final_high
from counted
