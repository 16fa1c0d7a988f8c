-- one row per feeder, or `total`, and day with an implausible interval: feeder_days again,
-- with such intervals left out of peaks and power factors; energy and all that the detectors look
-- at as they were

with

doubtful as (
    select
        feeder,
        local_date
    from {{ ref('implausible_intervals') }}
    union
    select
        feeder,
        local_date
    from {{ ref('implausible_kva') }}
),

-- what rolls over midnight reaches back into the day before
around as (
    select
        feeder,
        local_date
    from doubtful
    union
    select
        feeder,
        local_date - 1 as local_date
    from doubtful
),

intervals as (
    select
        dated.*,
        implausible.feeder is not null as is_implausible,
        apparent.feeder is null as is_sound_mva,
        doubtful.feeder is not null as is_of_day
    from {{ dated_intervals(ref('day_months'), at_any_time=true) }} as dated
    inner join around on dated.feeder = around.feeder and dated.local_date = around.local_date
    left join doubtful
        on dated.feeder = doubtful.feeder and dated.local_date = doubtful.local_date
    left join {{ ref('implausible_intervals') }} as implausible
        on
            dated.feeder = implausible.feeder
            and dated.interval_start_at = implausible.interval_start_at
    left join {{ ref('implausible_kva') }} as apparent
        on
            dated.feeder = apparent.feeder
            and dated.interval_start_at = apparent.interval_start_at
),

{{ day_figures(
    '(can_be_peak and not is_implausible)',
    'is_of_day',
    'is_sound_mva',
    '(is_sound_mva and not is_implausible)'
) }}
