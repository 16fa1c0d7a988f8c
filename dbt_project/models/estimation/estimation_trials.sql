-- one row per feeder, channel, trial and interval that is looked at: gaps of every class are hidden
-- at the same times for all feeders, spread over the whole history, and estimated without what is
-- in them

with

lengths as (
    select
        feeder,
        interval_minutes,
        count(*) * interval_minutes as known_minutes,
        min(interval_start_at) as first_start_at,
        max(interval_start_at) as last_start_at
    from {{ ref('channel_values') }}
    group by feeder, interval_minutes
),

-- of a feeder that changed its interval, the one that it has for most of its time
feeders as (
    select * from lengths
    qualify
        row_number() over (
            partition by feeder order by known_minutes desc, interval_minutes asc
        ) = 1
),

channels as (
    select distinct
        feeder,
        channel
    from {{ ref('channel_values') }}
),

span as (
    select
        date_trunc('hour', min(interval_start_at)) as span_from_at,
        max(interval_start_at) as span_to_at
    from {{ ref('channel_values') }}
),

-- more than are wanted: a feeder may be there for a part of the time only
classes as (
    {% for minutes, trial_count in gap_classes() -%}
        select
            {{ minutes }} as class_minutes,
            {{ trial_count }} as trial_count,
            {{ each_of(dbt.array_construct(range(1, 16 * trial_count + 1) | list)) }} as trial
        {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- multiples of the golden section never come in step with days and weeks
trials as (
    select
        classes.class_minutes,
        classes.trial_count,
        classes.trial,
        cast(classes.class_minutes * 10000 + classes.trial as bigint) as gap_no,
        {{ dbt.dateadd(
            'minute',
            '60 * (1 + ' ~ whole_quotient(
                'mod(classes.trial * 618034, 1000000) * '
                ~ whole_quotient(
                    dbt.datediff('span.span_from_at', 'span.span_to_at', 'minute')
                    ~ ' - classes.class_minutes - 180', 60
                ), 1000000
            ) ~ ')',
            'span.span_from_at'
        ) }} as hour_at
    from classes
    cross join span
    where
        {{ dbt.datediff('span.span_from_at', 'span.span_to_at', 'minute') }}
        > classes.class_minutes + 180
),

-- on the feeder's own grid
gaps as (
    select
        feeders.feeder,
        trials.gap_no,
        trials.class_minutes,
        trials.trial_count,
        trials.trial,
        feeders.interval_minutes,
        {{ whole_quotient('trials.class_minutes', 'feeders.interval_minutes') }} as interval_count,
        {{ dbt.dateadd(
            'minute',
            'mod(mod(' ~ dbt.datediff('trials.hour_at', 'feeders.first_start_at', 'minute')
            ~ ', feeders.interval_minutes) + feeders.interval_minutes, feeders.interval_minutes)',
            'trials.hour_at'
        ) }} as gap_from_at
    from trials
    cross join feeders
    where
        mod(trials.class_minutes, feeders.interval_minutes) = 0
        and trials.hour_at > feeders.first_start_at
        and trials.hour_at < {{ dbt.dateadd(
            'minute', '-trials.class_minutes - feeders.interval_minutes', 'feeders.last_start_at'
        ) }}
),

wanted as (
    select * from gaps
    qualify row_number() over (partition by feeder, class_minutes order by trial) <= trial_count
),

-- of long gaps 24 intervals, evenly, tell enough
steps as (
    select
        *,
        {{ dbt.dateadd('minute', 'interval_count * interval_minutes', 'gap_from_at') }}
            as gap_until_at,
        greatest({{ whole_quotient('interval_count', 24) }}, 1) as step
    from wanted
),

times as (
    select
        *,
        {{ interval_series('gap_from_at', 'gap_until_at', 'step * interval_minutes') }}
            as interval_start_at
    from steps
    union all
    select
        *,
        {{ dbt.dateadd('minute', '-interval_minutes', 'gap_from_at') }} as interval_start_at
    from steps
    union all
    select
        *,
        gap_until_at as interval_start_at
    from steps
),

slots as (
    select
        times.feeder,
        channels.channel,
        times.gap_no,
        times.gap_from_at,
        times.gap_until_at,
        times.interval_count,
        times.interval_minutes,
        times.interval_start_at,
        {{ whole_quotient(
            dbt.datediff('times.gap_from_at', 'times.interval_start_at', 'minute')
            ~ ' + times.interval_minutes',
            'times.interval_minutes'
        ) }} as place
    from times
    inner join channels on times.feeder = channels.feeder
),

{{ estimated() }}

select
    feeder,
    channel,
    gap_no,
    {{ whole_quotient('gap_no', 10000) }} as class_minutes,
    place,
    interval_start_at,
    interval_minutes,
    milliwatts,
    is_zero,
    can_be_negative,
    {{ estimation_methods() | join(', ') }}
from estimated
where has_anchors and milliwatts is not null and bridged is not null
