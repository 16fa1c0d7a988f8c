-- one row per feeder, meter, register and two reads of it in a row: whether the intervals between
-- them agree with the register, and if not, what would make them agree
-- Rule, source and how often it fires: docs/rules.md#register_check

with

worded as (
    select
        decided.*,
        chosen.changes,
        chosen.change_count,
        chosen.is_without_multiplier,
        case
            when decided.r = 0 then 'the register stood still'
            when decided.i = 0 then 'the intervals are all 0'
            when decided.i between decided.r * 0.9 and decided.r * 1.1
                then
                    'the intervals are '
                    || {{ shown('abs(decided.i / nullif(decided.r, 0) - 1) * 100', 2) }} || ' % '
                    || case when decided.i > decided.r then 'above' else 'below' end
                    || ' the register'
            when decided.i > decided.r
                then
                    'the intervals are ' || {{ shown('decided.i / nullif(decided.r, 0)', 2) }}
                    || ' times the register'
            else
                'the register is ' || {{ shown('decided.r / nullif(decided.i, 0)', 2) }}
                || ' times the intervals'
        end as ratio,
        case when chosen.is_within_count then 'one count' else 'the tolerance' end as closeness
    from {{ ref('register_verdicts') }} as decided
    left join {{ ref('register_changes') }} as chosen
        on
            decided.feeder = chosen.feeder
            and decided.meter = chosen.meter
            and decided.channel = chosen.channel
            and decided.from_at = chosen.from_at
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
    register_multiplier,
    is_rollover,
    {{ rounded('cast(interval_mj as double) / 3600') }} as interval_mwh,
    {{ rounded('cast(register_mj as double) / 3600') }} as register_mwh,
    {{ rounded('cast(difference_mj as double) / 3600') }} as difference_mwh,
    {{ rounded('cast(tolerance_mj as double) / 3600') }} as tolerance_mwh,
    cast(missing_intervals as bigint) as missing_intervals,
    verdict,
    reason,
    changes,
    case
        when verdict <> 'differs' then null
        when missing_intervals > 0
            then ratio || ', even without the intervals that are missing'
        when change_count > 4
            then ratio || ': the register counts too coarsely to say what explains it'
        when changes is null then ratio || ': no single change explains it'
        when change_count > 1
            then ratio || ': each of these alone agrees within ' || closeness || ': ' || changes
        else
            ratio || ': ' || case
                when is_without_multiplier
                    then
                        'multiplier ' || {{ plain_double('m') }}
                        || ' does not belong to the channels; '
                else ''
            end || changes || ' agrees within ' || closeness
    end as explanation
from worded
