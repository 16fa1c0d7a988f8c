-- one row per feeder, meter, register and two reads of it in a row: its energy between them, and
-- why that cannot be compared with the intervals, if so

with

pairs as (
    select
        feeder,
        meter,
        channel,
        timezone,
        read_at as from_at,
        read_at_local as from_local,
        register_value as from_value,
        register_count as from_count,
        {% for column in ['read_at', 'read_at_local', 'register_value', 'register_count'] %}
            lead({{ column }}) over (
                partition by feeder, meter, channel order by read_at, read_at_local
            ) as {{ column | replace('read_at_local', 'until_local')
                | replace('read_at', 'until_at') | replace('register', 'until') }},
        {% endfor %}
        is_ambiguous_time or lead(is_ambiguous_time) over (
            partition by feeder, meter, channel order by read_at, read_at_local
        ) as is_ambiguous_time
    from {{ ref('stg_register_reads') }}
),

-- what meter-data.csv says of the feeder between the reads
rows_between as (
    select
        pairs.feeder,
        pairs.meter,
        pairs.channel,
        pairs.from_at,
        meters.register_multiplier,
        meters.register_digits,
        meters.multiplier,
        meters.channel_unit,
        meters.interval_minutes,
        meters.meter = pairs.meter as is_own,
        {{ dbt.datediff(
            'greatest(pairs.from_at, coalesce(meters.valid_from_at, pairs.from_at))',
            'least(pairs.until_at, coalesce(meters.valid_to_at, pairs.until_at))',
            'second'
        ) }} as seconds
    from pairs
    inner join {{ ref('stg_meter_data') }} as meters
        on
            pairs.feeder = meters.feeder
            and pairs.from_at < coalesce(meters.valid_to_at, pairs.until_at)
            and pairs.until_at > coalesce(meters.valid_from_at, pairs.from_at)
),

facts as (
    select
        feeder,
        meter,
        channel,
        from_at,
        sum(case when is_own then seconds else 0 end) as own_seconds,
        count(distinct register_multiplier) as register_multiplier_count,
        min(register_multiplier) as register_multiplier,
        min(register_digits) as register_digits,
        -- of the channels: known only where it does not change between the reads
        case when count(distinct multiplier) = 1 then min(multiplier) end as multiplier,
        case when count(distinct channel_unit) = 1 then min(channel_unit) end as channel_unit,
        max(interval_minutes) as interval_minutes
    from rows_between
    group by feeder, meter, channel, from_at
),

known as (
    select
        pairs.*,
        facts.own_seconds,
        facts.register_multiplier_count,
        facts.register_multiplier,
        facts.register_digits,
        facts.multiplier,
        facts.channel_unit,
        facts.interval_minutes,
        {{ dbt.datediff('pairs.from_at', 'pairs.until_at', 'second') }} as pair_seconds,
        pairs.until_value < pairs.from_value as is_rollover,
        cast(pairs.until_value - pairs.from_value as decimal(20, 6))
        + case
            when pairs.until_value < pairs.from_value
                then cast(power(10, facts.register_digits) as decimal(20, 6))
            else cast(0 as decimal(20, 6))
        end as counted
    from pairs
    left join facts
        on
            pairs.feeder = facts.feeder
            and pairs.meter = facts.meter
            and pairs.channel = facts.channel
            and pairs.from_at = facts.from_at
    where pairs.from_at < pairs.until_at
),

judged as (
    select
        *,
        case
            when is_ambiguous_time then 'a read is in the hour that the clock shows twice'
            when coalesce(own_seconds, 0) <> pair_seconds
                then
                    'the meter was exchanged between the reads, or meter-data.csv has no row of it'
            when register_multiplier_count > 1
                then 'register_multiplier changes between the reads'
            when is_rollover and register_digits is null
                then 'the register fell, and meter-data.csv has no register_digits'
            when counted < 0 then 'the register fell by more than its register_digits'
            when cast(counted as double) * cast(register_multiplier as double) >= 1e14
                then 'the register counted 10^14 kWh or more'
        end as not_checked_because
    from known
)

select
    feeder,
    meter,
    channel,
    timezone,
    from_at,
    until_at,
    from_local,
    until_local,
    from_value,
    until_value,
    is_rollover,
    pair_seconds,
    register_multiplier,
    multiplier,
    channel_unit,
    interval_minutes,
    not_checked_because,
    -- 1 kWh is 3.6 MJ
    cast(
        cast((from_count + until_count) * register_multiplier as decimal(28, 12))
        * cast(3.6 as decimal(2, 1)) as decimal(38, 18)
    ) as counts_mj,
    case
        when not_checked_because is null
            then cast(
                cast(counted * register_multiplier as decimal(28, 12))
                * cast(3.6 as decimal(2, 1)) as decimal(38, 18)
            )
    end as register_mj
from judged
