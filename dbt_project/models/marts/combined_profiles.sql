-- one row per interval of the system: all feeders together

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="system_months",
    part_time="interval_start_at",
    part_feeder=""
) }}

with

system as (
    select * from {{ ref('stg_system') }}
),

-- what each feeder adds to the total; an apparent power never takes away
reported as (
    select
        feeder,
        interval_start_at,
        actual_seconds,
        can_be_peak,
        {{ weighted('mw_del', 'total_factor') }} as mw_del,
        {{ weighted('mw_rec', 'total_factor') }} as mw_rec,
        {{ weighted('mw_net', 'total_factor') }} as mw_net,
        {{ weighted('mw_gross', 'total_factor') }} as mw_gross,
        {{ weighted('mva_net', 'abs(total_factor)') }} as mva,
        {{ weighted('mva_net_min', 'abs(total_factor)') }} as mva_min
    from {{ ref('feeder_profiles') }}
    where total_factor <> 0 and {{ is_near_dirty_part(ref('system_months'), 'interval_start_at') }}
),

missing as (
    select
        feeder,
        interval_start_at,
        interval_minutes * 60 as actual_seconds,
        false as can_be_peak,
        null as mw_del,
        null as mw_rec,
        null as mw_net,
        null as mw_gross,
        null as mva,
        null as mva_min
    from {{ ref('missing_intervals') }}
    where total_factor <> 0 and {{ is_near_dirty_part(ref('system_months'), 'interval_start_at') }}
),

members as (
    select * from reported
    union all
    select * from missing
),

-- totals are as fine as the longest interval of any feeder
placed as (
    select
        members.*,
        system.interval_minutes as system_minutes,
        system.interval_minutes * 60 as system_seconds,
        least(members.actual_seconds, system.interval_minutes * 60) as filled_seconds,
        system.timezone,
        {{ floor_to_grid(
            'members.interval_start_at', 'system.grid_shift_minutes', 'system.interval_minutes'
        ) }} as system_start_at
    from members
    cross join system
),

-- most intervals are the system's own
whole as (
    select
        feeder,
        system_start_at,
        system_minutes,
        timezone,
        mw_net is not null as is_known,
        mva is not null as is_mva_known,
        can_be_peak,
        mw_del,
        mw_rec,
        mw_net,
        mw_gross,
        mva,
        mva_min
    from placed
    where interval_start_at = system_start_at and actual_seconds = system_seconds
),

others as (
    select
        *,
        {{ meets_next() }} as meets_next
    from placed
    where not (interval_start_at = system_start_at and actual_seconds = system_seconds)
),

-- shorter ones must fill it together, each up to the next; their mean is weighted by time
pieces as (
    select
        feeder,
        system_start_at,
        system_minutes,
        timezone,
        min(interval_start_at) = system_start_at
        and bool_and(meets_next and mw_net is not null) as is_known,
        min(interval_start_at) = system_start_at
        and bool_and(meets_next and mva is not null) as is_mva_known,
        bool_and(can_be_peak) as can_be_peak,
        {{ rounded('cast(sum(mw_del * filled_seconds) as double) / system_seconds') }} as mw_del,
        {{ rounded('cast(sum(mw_rec * filled_seconds) as double) / system_seconds') }} as mw_rec,
        {{ rounded('cast(sum(mw_net * filled_seconds) as double) / system_seconds') }} as mw_net,
        {{ rounded('cast(sum(mw_gross * filled_seconds) as double) / system_seconds') }}
            as mw_gross,
        {{ rounded('cast(sum(mva * filled_seconds) as double) / system_seconds') }} as mva,
        -- from one piece to the next the reactive power may change its sign: nothing is sure of it
        abs({{ rounded('cast(sum(mw_net * filled_seconds) as double) / system_seconds') }})
            as mva_min
    from others
    group by feeder, system_start_at, system_minutes, system_seconds, timezone
),

averaged as (
    select whole.*
    from whole
    anti join pieces
        on whole.feeder = pieces.feeder and whole.system_start_at = pieces.system_start_at
    union all
    select * from pieces
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
        case when bool_and(is_known) then cast(sum(mw_net) as decimal(38, 18)) end as mw_total,
        case when bool_and(is_known) then cast(sum(mw_del) as decimal(38, 18)) end as mw_del_total,
        case when bool_and(is_known) then cast(sum(mw_rec) as decimal(38, 18)) end as mw_rec_total,
        case when bool_and(is_known) then cast(sum(mw_gross) as decimal(38, 18)) end
            as mw_gross_total,
        case when bool_and(is_mva_known) then cast(sum(mva) as decimal(38, 18)) end as mva_total,
        -- that of one feeder which all the others together cannot cancel, whatever its sign
        greatest(cast(max(mvar_min + mvar_max) - sum(mvar_max) as double), 0) as mvar_total_min
    from reactive
    group by system_start_at, system_minutes, timezone
),

bounded as (
    select
        *,
        case
            when mva_total is null then null
            when mvar_total_min > 0
                then least(mva_total, greatest(abs(mw_total), {{ rounded(
                    'sqrt(' ~ squared('cast(mw_total as double)') ~ ' + '
                    ~ squared('mvar_total_min') ~ ')'
                ) }}))
            else abs(mw_total)
        end as mva_total_min
    from summed
)

select
    system_start_at as interval_start_at,
    system_minutes as interval_minutes,
    {{ to_local('system_start_at', 'timezone') }} as start_local,
    timezone,
    feeders_expected,
    feeders_reporting,
    missing_feeders,
    can_be_peak,
    mw_total,
    mw_del_total,
    mw_rec_total,
    mw_gross_total,
    mw_total_partial,
    mva_total,
    cast(mva_total_min as decimal(38, 18)) as mva_total_min,
    cast(abs(mw_total) as double) / nullif(cast(mva_total as double), 0) as pf_total,
    cast(abs(mw_total) as double) / nullif(cast(mva_total_min as double), 0) as pf_total_max
from bounded
where {{ is_in_dirty_part(ref('system_months'), 'system_start_at', '') }}
