-- one row per row of power_jumps: by which power of ten the load before and the load after differ,
-- at how many times of day both are known, and at how many of these they are alike but for it

{{ config(materialized="ephemeral") }}

with

bounded as (
    select
        *,
        lag(start_at) over feeder_moments as previous_at,
        lead(start_at) over feeder_moments as next_at
    from {{ ref('power_jumps') }}
    window feeder_moments as (partition by feeder order by start_at)
),

beside as (
    select
        bounded.feeder,
        bounded.start_at,
        profiles.interval_minutes,
        profiles.interval_start_at >= bounded.start_at as is_after,
        {{ to_local('profiles.interval_start_at', 'system.timezone') }} as start_local,
        -- whole milliwatts, so that sums are exact
        {{ whole_number('1e9 * cast(profiles.mw_gross as double)') }} as milliwatts
    from {{ ref('feeder_profiles') }} as profiles
    cross join {{ ref('stg_system') }} as system
    inner join bounded
        on
            profiles.feeder = bounded.feeder
            and profiles.interval_start_at >= {{ dbt.dateadd(
                'minute', -7 * 1440, 'bounded.start_at'
            ) }}
            and profiles.interval_start_at < {{ dbt.dateadd(
                'minute', 7 * 1440, 'bounded.start_at'
            ) }}
            and profiles.interval_start_at
            >= coalesce(bounded.previous_at, timestamp '0001-01-01')
            and profiles.interval_start_at < coalesce(bounded.next_at, timestamp '9999-01-01')
    where profiles.mw_gross > 0
),

times_of_day as (
    select
        feeder,
        start_at,
        {{ dbt.datediff('cast(cast(start_local as date) as timestamp)', 'start_local', 'minute') }}
            as minute,
        max(interval_minutes) as interval_minutes,
        {{ whole_number(
            'cast(sum(case when not is_after then milliwatts end) as double)'
            ~ ' / nullif(count(*) filter (where not is_after), 0)'
        ) }} as before,
        {{ whole_number(
            'cast(sum(case when is_after then milliwatts end) as double)'
            ~ ' / nullif(count(*) filter (where is_after), 0)'
        ) }} as after,
        min(case when not is_after then milliwatts end) as least_before,
        max(case when not is_after then milliwatts end) as most_before,
        min(case when is_after then milliwatts end) as least_after,
        max(case when is_after then milliwatts end) as most_after
    from beside
    group by
        feeder, start_at,
        {{ dbt.datediff('cast(cast(start_local as date) as timestamp)', 'start_local', 'minute') }}
),

in_both as (
    select
        *,
        cast(sum(before) over one_moment as double) as all_before,
        cast(sum(after) over one_moment as double) as all_after
    from times_of_day
    where before > 0 and after > 0
    window one_moment as (partition by feeder, start_at)
),

-- by the sum of all times, and by each
exponents as (
    select
        *,
        cast(round(log10(all_after / all_before)) as int) as exponent,
        all_after / all_before as ratio
    from in_both
)

select
    feeder,
    start_at,
    exponent,
    ratio,
    count(*) as time_count,
    sum(interval_minutes) as minutes,
    sum(case
        when
            after between 0.5 * power(10, exponent) * before
            and 2 * power(10, exponent) * before
            and (least_after > 3 * most_before or least_before > 3 * most_after)
            then 1
        else 0
    end) as alike_count,
    max(all_before) / count(*) / 1e9 as mw_before,
    max(all_after) / count(*) / 1e9 as mw_after
from exponents
group by feeder, start_at, exponent, ratio
