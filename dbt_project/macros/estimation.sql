{#- How a value is estimated, in gaps and in the trials that measure the error. -#}

{# What a feeder may measure. #}
{% macro estimated_channels() -%}
    {{ return(['mw_del', 'mw_rec', 'mva_del', 'mva_rec', 'mvar_del', 'mvar_rec']) }}
{%- endmacro %}

{# The value of the channel that `name` names. #}
{% macro value_of(name, profiles='profiles') -%}
    case {{ name }}
    {%- for channel in estimated_channels() %}
        when '{{ channel }}' then {{ profiles }}.{{ channel }}
    {%- endfor %}
    end
{%- endmacro %}

{# The classes of gaps: the longest length in minutes, and how many trials have that length. #}
{% macro gap_classes() -%}
    {{ return([
        (60, 96), (120, 64), (240, 48), (480, 40), (1440, 32), (4320, 20), (10080, 16),
    ]) }}
{%- endmacro %}

{# The methods that rest on what is usual on like days: name, which days are alike, and the minutes
   in which the pull of the values beside the gap falls to a third. #}
{% macro bridged_methods() -%}
    {{ return([
        ('bridged', 'usual', 480), ('bridged_short', 'usual', 120),
        ('bridged_weekday', 'usual_of_weekday', 480),
    ]) }}
{%- endmacro %}

{# All that need no other feeder. #}
{% macro estimation_methods() -%}
    {{ return(['straight_line'] + bridged_methods() | map('first') | list) }}
{%- endmacro %}

{# What a register makes of the chosen method where it counted one gap, or several together: name,
   and which trials share what it would have counted. #}
{% macro register_methods() -%}
    {{ return([
        ('register', 'partition by errors.feeder, errors.channel, errors.gap_no'),
        (
            'register_shared',
            'partition by errors.feeder, errors.channel, errors.class_minutes',
        ),
    ]) }}
{%- endmacro %}

{# An estimate as it can be: 0 where all days alike have 0, and not below 0 where no value is. #}
{% macro as_it_can_be(estimate) -%}
    case
        when is_zero or ({{ estimate }} < 0 and not can_be_negative) then 0
        else {{ estimate }}
    end
{%- endmacro %}

{# What flows in the direction of a channel, by the net power. #}
{% macro flow_of(net, channel) -%}
    greatest(case {{ channel }} when 'mw_rec' then -{{ net }} else {{ net }} end, 0)
{%- endmacro %}

{# The CTEs from `slots`, which has feeder, channel, gap_no, gap_from_at, gap_until_at,
   interval_count, interval_minutes, interval_start_at and place (0 = the interval before the gap,
   interval_count + 1 = the one after it), to `estimated`: what each method says for the places in
   the gap, in milliwatts, NULL where it does not know. It sees no value of the gap itself. #}
{% macro estimated() -%}
placed as (
    select
        slots.*,
        {{ to_local('slots.interval_start_at', 'system.timezone') }} as start_local,
        date_trunc('day', {{ to_local('slots.interval_start_at', 'system.timezone') }}) as day_local
    from slots
    cross join {{ ref('stg_system') }} as system
),

distances as (
    select {{ each_of(dbt.array_construct(range(-28, 0) | list + range(1, 29) | list)) }} as distance
),

-- a holiday is like a day of the weekend
days as (
    select
        cast(local_date as timestamp) as day_local,
        day_type <> 'weekday' as is_day_off
    from {{ ref('time_of_use_hours') }}
    where local_hour = 0
),

known_days as (
    select
        known.feeder,
        days.day_local,
        days.is_day_off
    from {{ ref('feeder_days') }} as known
    inner join days on cast(known.local_date as timestamp) = days.day_local
    where known.known_minutes > 0
),

gap_days as (
    select distinct
        feeder,
        gap_no,
        day_local
    from placed
),

nearby as (
    select
        gap_days.feeder,
        gap_days.gap_no,
        gap_days.day_local,
        distances.distance,
        mod(distances.distance, 7) = 0 as is_same_weekday,
        known_days.is_day_off = days.is_day_off as is_same_type
    from gap_days
    inner join days on gap_days.day_local = days.day_local
    cross join distances
    inner join known_days
        on
            gap_days.feeder = known_days.feeder
            and {{ dbt.dateadd('minute', '1440 * distances.distance', 'gap_days.day_local') }}
            = known_days.day_local
),

ranked as (
    select
        *,
        row_number() over (
            partition by feeder, gap_no, day_local, is_same_type
            order by abs(distance) asc, distance asc
        ) as place_of_type
    from nearby
),

-- ten of the type: of the nearest three some may not know the interval
like_days as (
    select * from ranked
    where is_same_weekday or (is_same_type and place_of_type <= 10)
),

like_values as (
    select
        placed.feeder,
        placed.channel,
        placed.gap_no,
        placed.place,
        like_days.is_same_type,
        like_days.is_same_weekday,
        likes.milliwatts,
        row_number() over (
            partition by
                placed.feeder, placed.channel, placed.gap_no, placed.place, like_days.is_same_type
            order by abs(like_days.distance) asc, like_days.distance asc, likes.interval_start_at asc
        ) as place_of_type,
        row_number() over (
            partition by
                placed.feeder, placed.channel, placed.gap_no, placed.place, like_days.is_same_weekday
            order by abs(like_days.distance) asc, like_days.distance asc, likes.interval_start_at asc
        ) as place_of_weekday
    from placed
    inner join like_days
        on
            placed.feeder = like_days.feeder
            and placed.gap_no = like_days.gap_no
            and placed.day_local = like_days.day_local
    inner join {{ ref('channel_values') }} as likes
        on
            placed.feeder = likes.feeder
            and placed.channel = likes.channel
            and {{ dbt.dateadd('minute', '1440 * like_days.distance', 'placed.start_local') }}
            = likes.start_local
    -- nothing of the gap itself
    where
        likes.interval_start_at < placed.gap_from_at
        or likes.interval_start_at >= placed.gap_until_at
),

-- the 3 nearest days of the type and the 4 nearest of the weekday; a day may be both
weighted as (
    select
        *,
        is_same_weekday and place_of_weekday <= 4 as is_weekday,
        case when is_same_type and place_of_type <= 3 then 1 else 0 end
        + case when is_same_weekday and place_of_weekday <= 4 then 1 else 0 end as weight
    from like_values
),

usual as (
    select
        feeder,
        channel,
        gap_no,
        place,
        cast(sum(weight * milliwatts) as double) / nullif(sum(weight), 0) as milliwatts,
        cast(sum(case when is_weekday then milliwatts end) as double)
        / nullif(count(*) filter (where is_weekday), 0) as weekday_milliwatts,
        -- of all days alike, not of the nearest alone
        max(abs(milliwatts)) = 0 as is_zero
    from weighted
    group by feeder, channel, gap_no, place
    having sum(weight) >= 3
),

known as (
    select
        placed.*,
        known_values.milliwatts,
        known_values.is_outage,
        usual.milliwatts as usual,
        usual.weekday_milliwatts as usual_of_weekday,
        usual.is_zero
    from placed
    left join {{ ref('channel_values') }} as known_values
        on
            placed.feeder = known_values.feeder
            and placed.channel = known_values.channel
            and placed.interval_start_at = known_values.interval_start_at
    left join usual
        on
            placed.feeder = usual.feeder
            and placed.channel = usual.channel
            and placed.gap_no = usual.gap_no
            and placed.place = usual.place
),

bridges as (
    select
        known.*,
        before.milliwatts as before,
        after.milliwatts as after,
        before.is_outage as is_outage_before,
        after.is_outage as is_outage_after,
    {%- for usual in ['usual', 'usual_of_weekday'] %}
        before.milliwatts - before.{{ usual }} as {{ usual }}_before,
        after.milliwatts - after.{{ usual }} as {{ usual }}_after,
    {%- endfor %}
        cast(known.place as double) / (known.interval_count + 1) as share,
        cast(
            (least(known.place, known.interval_count + 1 - known.place) - 1)
            * known.interval_minutes as double
        ) as minutes_inside,
        channels.can_be_negative
    from known
    inner join {{ ref('feeder_channels') }} as channels
        on known.feeder = channels.feeder and known.channel = channels.channel
    left join known as before
        on
            known.feeder = before.feeder
            and known.channel = before.channel
            and known.gap_no = before.gap_no
            and before.place = 0
    left join known as after
        on
            known.feeder = after.feeder
            and known.channel = after.channel
            and known.gap_no = after.gap_no
            and after.place = after.interval_count + 1
    where known.place > 0 and known.place <= known.interval_count
),

methods as (
    select
        *,
        before + (after - before) * share as straight_line,
    {%- for method, usual, minutes in bridged_methods() %}
        {{ usual }} + ({{ usual }}_before * (1 - share) + {{ usual }}_after * share)
        * exp(-minutes_inside / {{ minutes }}) as {{ method }}{{ ',' if not loop.last }}
    {%- endfor %}
    from bridges
),

estimated as (
    select
        feeder,
        channel,
        gap_no,
        gap_from_at,
        gap_until_at,
        interval_count,
        interval_minutes,
        interval_start_at,
        place,
        milliwatts,
        before is not null and after is not null as has_anchors,
        coalesce(is_outage_before, false) as is_outage_before,
        coalesce(is_outage_after, false) as is_outage_after,
        can_be_negative,
        -- the last bit of a power of e differs between engines
    {%- for method in estimation_methods() %}
        case
            when before is not null and after is not null
                then round({{ as_it_can_be(method) }})
        end as {{ method }},
    {%- endfor %}
        coalesce(is_zero, false) as is_zero
    from methods
)
{%- endmacro %}
