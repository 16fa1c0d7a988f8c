-- one row per feeder, or `total`, and day, month and year of the system's clock, or all

{{ config(materialized="table") }}

with

ended as (
    select
        periods.*,
        peaks.coincident_mw,
        peaks.total_mw,
        peaks.noncoincident_mw,
        cast(periods.period_start as timestamp) as starts,
        case periods.grain
            when 'day' then cast(periods.period_start as timestamp) + interval 1 day
            when 'month' then cast(periods.period_start as timestamp) + interval 1 month
            when 'year' then cast(periods.period_start as timestamp) + interval 1 year
        end as ends
    from {{ ref('period_figures') }} as periods
    left join {{ ref('coincident_peaks') }} as peaks
        on
            periods.feeder = peaks.feeder
            and periods.grain = peaks.grain
            and periods.period_start = peaks.period_start
),

-- the whole span is as long as what is expected in it
bounded as (
    select
        ended.*,
        system.timezone,
        cast(greatest(abs(ended.peak_mw), abs(ended.min_mw)) as double) as highest_mw,
        coalesce(
            {{ dbt.datediff(
                to_utc('ended.starts', 'system.timezone'),
                to_utc('ended.ends', 'system.timezone'),
                'minute'
            ) }},
            ended.expected_minutes
        ) as period_minutes
    from ended
    cross join {{ ref('stg_system') }} as system
)

select
    feeder,
    grain,
    period_start,
    timezone,
    actual_intervals,
    expected_intervals,
    cast(actual_minutes as double) / nullif(expected_minutes, 0) as completeness,
    least(cast(actual_minutes as double) / nullif(period_minutes, 0), 1) as period_share,
    case
        when actual_minutes >= {{ var('publishable_share') }} * period_minutes
            then 'publishable'
        when actual_minutes >= {{ var('provisional_share') }} * period_minutes
            then 'provisional'
        else 'withheld'
    end as grade,
    evaluated_minutes < expected_minutes as is_lower_bound,
    {{ rounded('del_mj / 3600') }} as del_mwh,
    {{ rounded('rec_mj / 3600') }} as rec_mwh,
    {{ rounded('net_mj / 3600') }} as net_mwh,
    {{ rounded('gross_mj / 3600') }} as gross_mwh,
    {{ rounded('del_mvars / 3600') }} as del_mvarh,
    {{ rounded('rec_mvars / 3600') }} as rec_mvarh,
    {{ rounded('net_mvars / 3600') }} as net_mvarh,
    peak_mw,
    peak_at,
    {{ to_local('peak_at', 'timezone') }} as peak_local,
    peak_count,
    min_mw,
    min_at,
    {{ to_local('min_at', 'timezone') }} as min_local,
    min_count,
    cast(case when min_mw < 0 then -min_mw when min_mw >= 0 then 0 end as decimal(28, 18))
        as reverse_mw,
    peak_mva,
    peak_mva_at,
    {{ to_local('peak_mva_at', 'timezone') }} as peak_mva_local,
    peak_mva_pf,
    peak_30min_mw,
    peak_60min_mw,
    case
        when peak_mw > 0 then load_mj / evaluated_seconds / cast(peak_mw as double)
    end as load_factor,
    w2_seconds / 1e12 / evaluated_seconds / nullif(highest_mw * highest_mw, 0) as loss_factor,
    active_mj / nullif(apparent_mj, 0) as power_factor,
    -- the older tool's net is a throughput, which makes no triangle with reactive power
    case
        when '{{ var("net_convention") }}' = 'signed' and unpaired_count = 0
            then
                abs(net_mj)
                / nullif(sqrt({{ squared('net_mj') }} + {{ squared('net_mvars') }}), 0)
    end as power_factor_vector,
    utilisation,
    cast(coincident_mw as decimal(28, 18)) as coincident_mw,
    cast(coincident_mw as double) / nullif(cast(total_mw as double), 0) as coincident_share,
    cast(noncoincident_mw as decimal(28, 18)) as noncoincident_mw,
    case
        when feeder = 'total' and peak_mw > 0 and noncoincident_mw > 0
            then cast(peak_mw as double) / cast(noncoincident_mw as double)
    end as coincidence_factor,
    case
        when feeder = 'total' and peak_mw > 0 and noncoincident_mw > 0
            then cast(noncoincident_mw as double) / cast(peak_mw as double)
    end as diversity_factor,
    implausible_count,
    measured_peak_mw,
    measured_peak_at,
    {{ to_local('measured_peak_at', 'timezone') }} as measured_peak_local,
    measured_min_mw,
    measured_min_at,
    {{ to_local('measured_min_at', 'timezone') }} as measured_min_local
from bounded
