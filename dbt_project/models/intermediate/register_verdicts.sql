-- one row per feeder, meter, register and two reads of it in a row: what the register and the
-- intervals between them say, and whether they agree

{{ config(materialized="ephemeral") }}

with

compared as (
    select
        pairs.*,
        energies.interval_mj,
        energies.known_seconds,
        energies.has_both_edges,
        energies.later_mj,
        energies.earlier_mj,
        energies.zero_day_count,
        energies.zero_date,
        energies.zero_mj,
        energies.copy_day_count,
        energies.copy_date,
        energies.copy_mj,
        energies.highest_day_mj,
        energies.interval_mj - pairs.register_mj as difference_mj,
        pairs.counts_mj
        + cast(pairs.register_mj * {{ var('register_tolerance') }} as decimal(38, 18))
        + energies.widening_mj as tolerance_mj
    from {{ ref('register_pairs') }} as pairs
    left join {{ ref('register_energies') }} as energies
        on
            pairs.feeder = energies.feeder
            and pairs.meter = energies.meter
            and pairs.channel = energies.channel
            and pairs.from_at = energies.from_at
),

judged as (
    select
        *,
        case
            when not_checked_because is not null then not_checked_because
            when coalesce(known_seconds, 0) = 0
                then 'the intervals have no such channel between the reads'
            -- what is missing can only add to a sum that is too large already
            when known_seconds = pair_seconds or difference_mj > tolerance_mj then null
            when not has_both_edges then 'a read is inside a gap'
            else 'intervals are missing between the reads'
        end as reason
    from compared
)

select
    feeder,
    meter,
    channel,
    from_at,
    until_at,
    from_local,
    until_local,
    timezone,
    from_value,
    until_value,
    multiplier,
    register_multiplier,
    channel_unit,
    is_rollover,
    interval_mj,
    register_mj,
    difference_mj,
    tolerance_mj,
    later_mj,
    earlier_mj,
    zero_day_count,
    zero_date,
    zero_mj,
    copy_day_count,
    copy_date,
    copy_mj,
    highest_day_mj,
    reason,
    case
        when reason is not null then 'not checked'
        when abs(difference_mj) <= tolerance_mj then 'agrees'
        else 'differs'
    end as verdict,
    {{ whole_quotient('pair_seconds - known_seconds', '60 * interval_minutes') }}
        as missing_intervals,
    cast(interval_mj as double) as i,
    cast(register_mj as double) as r,
    cast(tolerance_mj as double) as t,
    cast(counts_mj as double) as c,
    cast(multiplier as double) as m,
    cast(register_multiplier as double) as mr,
    cast(60 as double) / interval_minutes as per_hour,
    channel_unit like '%h' as is_energy
from judged
