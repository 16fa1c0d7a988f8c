-- one row per feeder, channel and two reads of its register in a row with intervals between them
-- that have no usable value: what the register leaves for these, and how uncertain that is

{% set channels = register_channels() %}

with

reads as (
    select
        feeder,
        meter,
        channel as register,
        case channel
            {% for register, channel in channels.items() -%}
                when '{{ register }}' then '{{ channel }}'
            {% endfor -%}
        end as channel,
        from_at,
        until_at,
        pair_seconds,
        register_mj,
        counts_mj
    from {{ ref('register_pairs') }}
    where not_checked_because is null
),

-- of one length and whole between the reads; a read inside one leaves seconds that nothing has
spans as (
    select
        reads.feeder,
        reads.meter,
        reads.register,
        reads.channel,
        reads.from_at,
        reads.until_at,
        reads.pair_seconds,
        reads.register_mj,
        reads.counts_mj,
        count(*) as missing_count,
        min(unusable.interval_minutes) * 60 as interval_seconds
    from reads
    inner join {{ ref('unusable_values') }} as unusable
        on
            reads.feeder = unusable.feeder
            and reads.channel = unusable.channel
            and reads.from_at <= unusable.interval_start_at
            and {{ dbt.dateadd(
                'minute', 'unusable.interval_minutes', 'unusable.interval_start_at'
            ) }} <= reads.until_at
    group by
        reads.feeder, reads.meter, reads.register, reads.channel, reads.from_at, reads.until_at,
        reads.pair_seconds, reads.register_mj, reads.counts_mj
    having count(distinct unusable.interval_minutes) = 1
),

-- a reading may begin before the month of the first read
months as (
    select
        *,
        {{ month_series(dbt.dateadd('minute', -1440, 'from_at'), 'until_at') }} as month_start_at
    from spans
),

readings as (
    select
        months.feeder,
        months.channel,
        months.from_at,
        profiles.interval_start_at,
        profiles.actual_seconds,
        case
            when edited.feeder is not null then edited.edited
            else {{ value_of('months.channel') }}
        end as mw,
        {{ dbt.datediff(
            'greatest(months.from_at, profiles.interval_start_at)',
            'least(months.until_at, '
            ~ dbt.dateadd('second', 'profiles.actual_seconds', 'profiles.interval_start_at') ~ ')',
            'second'
        ) }} as overlap_seconds
    from months
    inner join {{ ref('feeder_profiles') }} as profiles
        on
            months.feeder = profiles.feeder
            and months.month_start_at = date_trunc('month', profiles.interval_start_at)
            and months.until_at > profiles.interval_start_at
            and months.from_at < {{ dbt.dateadd(
                'second', 'profiles.actual_seconds', 'profiles.interval_start_at'
            ) }}
    left join {{ ref('edited_values') }} as edited
        on
            months.feeder = edited.feeder
            and months.channel = edited.channel
            and profiles.interval_start_at = edited.interval_start_at
),

usable as (
    select readings.*
    from readings
    anti join {{ ref('unusable_values') }} as unusable
        on
            readings.feeder = unusable.feeder
            and readings.channel = unusable.channel
            and readings.interval_start_at = unusable.interval_start_at
    where readings.mw is not null
),

known as (
    select
        feeder,
        channel,
        from_at,
        cast(sum(mw * overlap_seconds) as decimal(38, 18)) as known_mj,
        -- a read inside an interval takes its share of the time
        cast(sum(
            mw * case
                when overlap_seconds < actual_seconds
                    then greatest(overlap_seconds, actual_seconds - overlap_seconds)
                else 0
            end
        ) as decimal(38, 18)) as widening_mj,
        sum(overlap_seconds) as known_seconds
    from usable
    group by feeder, channel, from_at
),

-- where nothing is missing; a register that hardly moved proves nothing
checks as (
    select
        checks.feeder,
        checks.meter,
        checks.channel,
        checks.verdict,
        (abs(cast(checks.difference_mwh as double)) * 3600 - cast(pairs.counts_mj as double))
        / nullif(cast(pairs.register_mj as double), 0) as share_off
    from {{ ref('register_checks') }} as checks
    inner join {{ ref('register_pairs') }} as pairs
        on
            checks.feeder = pairs.feeder
            and checks.meter = pairs.meter
            and checks.channel = pairs.channel
            and checks.from_at = pairs.from_at
    where
        checks.verdict = 'differs'
        or (checks.verdict = 'agrees' and pairs.register_mj > 5 * pairs.counts_mj)
),

registers as (
    select
        feeder,
        meter,
        channel,
        count(*) filter (where verdict = 'agrees') as agreeing,
        count(*) filter (where verdict = 'differs') as differing,
        max(case when verdict = 'agrees' then greatest(share_off, 0) end) as share_off
    from checks
    group by feeder, meter, channel
)

select
    spans.feeder,
    spans.channel,
    spans.from_at,
    spans.until_at,
    spans.missing_count,
    spans.interval_seconds,
    cast(spans.register_mj as double) as register_mj,
    cast(spans.counts_mj as double) as counts_mj,
    cast(spans.register_mj - coalesce(known.known_mj, 0) as double) as left_mj,
    -- beside the counts: at a read inside an interval, and what the register was off elsewhere
    cast(coalesce(known.widening_mj, 0) as double)
    + cast(spans.register_mj as double)
    * coalesce(registers.share_off, {{ var('register_tolerance') }}) as spread_mj,
    coalesce(registers.agreeing, 0) > coalesce(registers.differing, 0) as is_proven
from spans
left join known
    on
        spans.feeder = known.feeder
        and spans.channel = known.channel
        and spans.from_at = known.from_at
left join registers
    on
        spans.feeder = registers.feeder
        and spans.meter = registers.meter
        and spans.register = registers.channel
where
    coalesce(known.known_seconds, 0) + spans.missing_count * spans.interval_seconds
    = spans.pair_seconds
    and (
        coalesce(registers.agreeing, 0) > coalesce(registers.differing, 0)
        or coalesce(registers.differing, 0) = 0
    )
