-- one row per pair of reads of register_verdicts that differs though no interval is missing: every
-- change that alone makes register and intervals agree, of those the closest

{{ config(materialized="ephemeral") }}

{% set prefixes = [('', 0.001), ('k', 1), ('M', 1000)] %}
{% set factors = [4, 0.25, 10, 0.1, 1000, 0.001] %}

with

failed as (
    select * from {{ ref('register_verdicts') }}
    where verdict = 'differs' and missing_intervals = 0
),

units as (
    {% for prefix, kw in prefixes %}
        select
            '{{ prefix }}W' as new_unit,
            cast({{ kw }} as double) as kw,
            false as is_new_energy
        union all
        select
            '{{ prefix }}Wh' as new_unit,
            cast({{ kw }} as double) as kw,
            true as is_new_energy
        {{ "union all" if not loop.last }}
    {% endfor %}
),

-- other multipliers than the one that there is
multipliers as (
    {% for kind, factor in [('same', 1), ('one', 1), ('other', 1)] %}
        select
            '{{ kind }}' as kind,
            cast({{ factor }} as double) as factor
        union all
    {% endfor %}
    {% for factor in factors %}
        select
            'times' as kind,
            cast({{ factor }} as double) as factor
        {{ "union all" if not loop.last }}
    {% endfor %}
),

lines as (
    select
        failed.*,
        units.new_unit,
        multipliers.kind,
        multipliers.factor,
        case multipliers.kind
            when 'one' then 1
            when 'other' then failed.mr
            else failed.m * multipliers.factor
        end as new_multiplier,
        units.kw * case when units.is_new_energy then failed.per_hour else 1 end
        / (old_units.kw * case when failed.is_energy then failed.per_hour else 1 end)
            as unit_ratio
    from failed
    inner join units as old_units on failed.channel_unit = old_units.new_unit
    cross join units
    cross join multipliers
    where
        failed.multiplier is not null
        and case multipliers.kind
            when 'same' then units.new_unit <> failed.channel_unit
            when 'one' then failed.m <> 1
            when 'other' then failed.mr <> failed.m and failed.mr <> 1
            else units.new_unit = failed.channel_unit
        end
),

register_lines as (
    select
        failed.*,
        case multipliers.kind
            when 'one' then 1
            when 'other' then failed.m
            else failed.mr * multipliers.factor
        end as new_multiplier
    from failed
    cross join multipliers
    where
        case multipliers.kind
            when 'one' then failed.mr <> 1
            when 'other' then failed.m <> failed.mr
            when 'times' then multipliers.factor not in (4, 0.25)
            else false
        end
),

explained as (
    -- a line of meter-data.csv for the channels
    select
        feeder,
        meter,
        channel,
        from_at,
        case
            when kind = 'same' then 'channel_unit ' || new_unit
            when new_unit = channel_unit then 'multiplier ' || {{ plain_double('new_multiplier') }}
            else
                'channel_unit ' || new_unit || ' with multiplier '
                || {{ plain_double('new_multiplier') }}
        end as change,
        kind = 'one' as is_without_multiplier,
        abs(i * unit_ratio * new_multiplier / m - r) <= c as is_within_count
    from lines
    where
        abs(i * unit_ratio * new_multiplier / m - r) <= t and i > 0
        -- said as another unit
        and not (kind = 'times' and (
            (factor = per_hour and not is_energy)
            or (factor * per_hour = 1 and is_energy)
            or (factor = 1000 and channel_unit not in ('MW', 'MWh'))
            or (factor = 0.001 and channel_unit not in ('W', 'Wh'))
        ))
    union all
    -- or for the registers
    select
        feeder,
        meter,
        channel,
        from_at,
        'register_multiplier ' || {{ plain_double('new_multiplier') }} as change,
        false as is_without_multiplier,
        abs(i * mr / new_multiplier - r) <= c as is_within_count
    from register_lines
    where i > 0 and abs(i * mr / new_multiplier - r) <= t
    union all
    select
        failed.feeder,
        failed.meter,
        failed.channel,
        failed.from_at,
        'delivered and received exchanged' as change,
        false as is_without_multiplier,
        abs(others.i - failed.r) <= failed.c as is_within_count
    from failed
    inner join {{ ref('register_verdicts') }} as others
        on
            failed.feeder = others.feeder
            and failed.meter = others.meter
            and failed.from_at = others.from_at
            and failed.until_at = others.until_at
            and split_part(failed.channel, '_', 1) = split_part(others.channel, '_', 1)
            and failed.channel <> others.channel
    where abs(others.i - failed.r) <= failed.t and abs(failed.i - others.r) <= others.t
    {% for label, column in [('late', 'later_mj'), ('early', 'earlier_mj')] %}
        union all
        select
            feeder,
            meter,
            channel,
            from_at,
            'times of the intervals one interval {{ label }}' as change,
            false as is_without_multiplier,
            abs(cast({{ column }} as double) - r) <= c as is_within_count
        from failed
        where abs(cast({{ column }} as double) - r) <= t
    {% endfor %}
    {% for kind in ['zero', 'copy'] %}
        union all
        select
            feeder,
            meter,
            channel,
            from_at,
            'the lost day ' || cast({{ kind }}_date as string) || ' filled with '
            || {{ shown('greatest(cast(' ~ kind ~ '_mj - difference_mj as double), 0) / 3600', 3) }}
            || ' MWh' as change,
            false as is_without_multiplier,
            false as is_within_count
        from failed
        where
            {{ kind }}_day_count = 1
            and {{ kind }}_mj - difference_mj >= -tolerance_mj
            -- far above any other day is not the energy of one
            and {{ kind }}_mj - difference_mj
            <= 10 * coalesce(highest_day_mj, {{ kind }}_mj - difference_mj)
    {% endfor %}
)

-- all that explain it equally well
select
    feeder,
    meter,
    channel,
    from_at,
    -- a register that counts too coarsely fits nearly everything
    case when count(distinct change) <= 4 then {{ ordered_list('change') }} end as changes,
    count(distinct change) as change_count,
    bool_and(is_without_multiplier) as is_without_multiplier,
    bool_and(is_within_count) as is_within_count
from (
    select
        *,
        bool_or(is_within_count) over (partition by feeder, meter, channel, from_at)
            as is_any_within_count
    from explained
) as compared_changes
where is_within_count or not is_any_within_count
group by feeder, meter, channel, from_at
