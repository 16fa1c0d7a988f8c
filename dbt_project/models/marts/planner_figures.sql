-- one row per feeder, or `total`, and day, month and year of the system's clock, or all

{{ config(materialized="table") }}

{#- named one by one: on Spark a table by parts has a column more, the part -#}
{%- set figures = [
    'feeder', 'local_date', 'total_factor', 'on_grid_count', 'on_grid_minutes', 'actual_count',
    'actual_minutes', 'evaluated_minutes', 'evaluated_seconds', 'del_mj', 'rec_mj', 'net_mj',
    'gross_mj', 'load_mj', 'w2_seconds', 'active_mj', 'apparent_mj', 'peak_mw', 'peak_at',
    'peak_count', 'min_mw', 'min_at', 'min_count', 'peak_mva', 'peak_mva_at', 'peak_mva_pf',
    'peak_mva_gross', 'peak_30min_mw', 'peak_60min_mw',
] %}

with

ratings as (
    select
        feeder,
        rating_mva,
        coalesce(valid_from_at, timestamp '0001-01-01') as from_at,
        coalesce(valid_to_at, timestamp '9999-01-01') as to_at
    from {{ ref('stg_meter_data') }}
    where rating_mva is not null
),

-- where a value is implausible, the day without it
plausible as (
    select
        days.{{ figures | join(',\n        days.') }}
    from {{ ref('feeder_days') }} as days
    anti join {{ ref('plausible_days') }} as others
        on days.feeder = others.feeder and days.local_date = others.local_date
    union all
    select
        {{ figures | join(',\n        ') }}
    from {{ ref('plausible_days') }}
),

implausible as (
    select
        feeder,
        local_date,
        count(*) as implausible_count
    from {{ ref('implausible_intervals') }}
    group by feeder, local_date
),

days as (
    select
        days.*,
        measured.peak_mw as measured_peak_mw,
        measured.peak_at as measured_peak_at,
        measured.min_mw as measured_min_mw,
        measured.min_at as measured_min_at,
        coalesce(implausible.implausible_count, 0) as implausible_count,
        coalesce(days.feeder, others.feeder) as name,
        coalesce(days.local_date, others.local_date) as day,
        coalesce(others.missing_count, 0) as missing_count,
        coalesce(others.missing_minutes, 0) as missing_minutes,
        -- a tie that is subtracted has its peak in the total where it has its minimum
        case when days.total_factor < 0 then days.min_mw else days.peak_mw end
        * nullif(days.total_factor, 0) as weighted_peak_mw,
        cast(days.peak_mva_gross as double) / cast(ratings.rating_mva as double) as utilisation
    from plausible as days
    full join {{ ref('system_days') }} as others
        on days.feeder = others.feeder and days.local_date = others.local_date
    left join {{ ref('feeder_days') }} as measured
        on days.feeder = measured.feeder and days.local_date = measured.local_date
    left join implausible
        on days.feeder = implausible.feeder and days.local_date = implausible.local_date
    left join ratings
        on
            days.feeder = ratings.feeder
            and days.peak_at >= ratings.from_at
            and days.peak_at < ratings.to_at
),

-- not a window over all days, which one task of a cluster would have to hold
first_days as (
    select min(local_date) as first_date
    from (
        select min(local_date) as local_date from {{ ref('feeder_days') }}
        union all
        select min(local_date) as local_date from {{ ref('system_days') }}
    ) as days
),

grains as (
    {% for grain in ['day', 'month', 'year', 'all'] -%}
        select '{{ grain }}' as grain {{ "union all " if not loop.last }}
    {%- endfor %}
),

graded as (
    select
        days.*,
        grains.grain,
        case
            when grains.grain = 'all' then first_days.first_date
            else cast(date_trunc(nullif(grains.grain, 'all'), days.day) as date)
        end as period_start
    from days
    cross join grains
    cross join first_days
),

sums as (
    select
        grain,
        period_start,
        name as feeder,
        cast(coalesce(sum(actual_count), 0) as bigint) as actual_intervals,
        cast(coalesce(sum(on_grid_count), 0) + sum(missing_count) as bigint)
            as expected_intervals,
        cast(sum(del_mj) as double) as del_mj,
        cast(sum(rec_mj) as double) as rec_mj,
        cast(sum(net_mj) as double) as net_mj,
        cast(sum(gross_mj) as double) as gross_mj,
        cast(sum(load_mj) as double) as load_mj,
        -- with a decimal: DuckDB rounds a 128-bit integer twice on its way to a double
        cast(cast(sum(w2_seconds) as decimal(38, 1)) as double) as w2_seconds,
        cast(sum(active_mj) as double) as active_mj,
        cast(sum(apparent_mj) as double) as apparent_mj,
        cast(coalesce(sum(actual_minutes), 0) as bigint) as actual_minutes,
        cast(coalesce(sum(evaluated_minutes), 0) as bigint) as evaluated_minutes,
        cast(coalesce(sum(on_grid_minutes), 0) + sum(missing_minutes) as bigint)
            as expected_minutes,
        cast(sum(implausible_count) as bigint) as implausible_count,
        nullif(sum(evaluated_seconds), 0) as evaluated_seconds,
        max(peak_mw) as peak_mw,
        min(min_mw) as min_mw,
        max(peak_mva) as peak_mva,
        max(utilisation) as utilisation,
        max(peak_30min_mw) as peak_30min_mw,
        max(peak_60min_mw) as peak_60min_mw,
        max(weighted_peak_mw) as weighted_peak_mw,
        max(measured_peak_mw) as measured_peak_mw,
        min(measured_min_mw) as measured_min_mw
    from graded
    group by name, grain, period_start
),

-- when it was so; a join, as a window would carry every column through a sort
extremes as (
    select
        sums.grain,
        sums.period_start,
        sums.feeder,
        cast(sum(case when graded.peak_mw = sums.peak_mw then graded.peak_count end) as bigint)
            as peak_count,
        cast(sum(case when graded.min_mw = sums.min_mw then graded.min_count end) as bigint)
            as min_count,
        min(case when graded.peak_mw = sums.peak_mw then graded.peak_at end) as peak_at,
        min(case when graded.peak_mw = sums.peak_mw then graded.day end) as peak_date,
        min(case when graded.min_mw = sums.min_mw then graded.min_at end) as min_at,
        min(case when graded.peak_mva = sums.peak_mva then graded.peak_mva_at end) as peak_mva_at,
        {{ first_known(
            'graded.peak_mva_pf',
            'case when graded.peak_mva = sums.peak_mva then graded.peak_mva_at end'
        ) }} as peak_mva_pf,
        min(case
            when graded.measured_peak_mw = sums.measured_peak_mw then graded.measured_peak_at
        end) as measured_peak_at,
        min(case
            when graded.measured_min_mw = sums.measured_min_mw then graded.measured_min_at
        end) as measured_min_at
    from sums
    inner join graded
        on
            sums.feeder = graded.name
            and sums.grain = graded.grain
            and sums.period_start = graded.period_start
    where
        graded.peak_mw = sums.peak_mw
        or graded.min_mw = sums.min_mw
        or graded.peak_mva = sums.peak_mva
        or graded.measured_peak_mw = sums.measured_peak_mw
        or graded.measured_min_mw = sums.measured_min_mw
    group by sums.grain, sums.period_start, sums.feeder
),

periods as (
    select
        sums.*,
        extremes.peak_count,
        extremes.peak_at,
        extremes.peak_date,
        extremes.min_count,
        extremes.min_at,
        extremes.peak_mva_at,
        extremes.peak_mva_pf,
        extremes.measured_peak_at,
        extremes.measured_min_at
    from sums
    left join extremes
        on
            sums.feeder = extremes.feeder
            and sums.grain = extremes.grain
            and sums.period_start = extremes.period_start
),

peaks_together as (
    select
        grain,
        period_start,
        sum(weighted_peak_mw) as noncoincident_mw
    from periods
    group by grain, period_start
),

-- what each feeder had in the interval of a day's highest total
measured_shares as (
    select
        feeder,
        local_date,
        coincident_mw
    from {{ ref('system_days') }}
    where coincident_mw is not null
),

plausible_totals as (
    select local_date from {{ ref('plausible_days') }}
    where feeder = 'total'
),

shares as (
    select measured_shares.*
    from measured_shares
    anti join plausible_totals on measured_shares.local_date = plausible_totals.local_date
    union all
    select
        feeder,
        local_date,
        coincident_mw
    from {{ ref('plausible_shares') }}
),

coincident as (
    select
        shares.feeder,
        totals.grain,
        totals.period_start,
        shares.coincident_mw,
        totals.peak_mw as total_mw
    from periods as totals
    inner join shares on totals.peak_date = shares.local_date
    where totals.feeder = 'total'
    union all
    select
        feeder,
        grain,
        period_start,
        peak_mw as coincident_mw,
        peak_mw as total_mw
    from periods
    where feeder = 'total'
),

compared as (
    select
        periods.*,
        coincident.coincident_mw,
        coincident.total_mw,
        cast(greatest(abs(periods.peak_mw), abs(periods.min_mw)) as double) as highest_mw,
        case
            when periods.feeder = 'total' then together.noncoincident_mw
            else periods.weighted_peak_mw
        end as noncoincident_mw
    from periods
    left join peaks_together as together
        on
            periods.grain = together.grain
            and periods.period_start = together.period_start
    left join coincident
        on
            periods.feeder = coincident.feeder
            and periods.grain = coincident.grain
            and periods.period_start = coincident.period_start
),

ended as (
    select
        compared.*,
        cast(compared.period_start as timestamp) as starts,
        case compared.grain
            when 'day' then cast(compared.period_start as timestamp) + interval 1 day
            when 'month' then cast(compared.period_start as timestamp) + interval 1 month
            when 'year' then cast(compared.period_start as timestamp) + interval 1 year
        end as ends
    from compared
),

-- the whole span is as long as what is expected in it
bounded as (
    select
        ended.*,
        system.timezone,
        coalesce(
            {{ minutes_between(
                to_utc('ended.starts', 'system.timezone'),
                to_utc('ended.ends', 'system.timezone')
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
