-- The power changes from one day to the next by a ratio of standard current transformers: a
-- transformer exchanged or tapped otherwise while meter-data.csv kept its multiplier, or a new
-- multiplier where nothing changed. A change that meter-data.csv makes good leaves no step.
-- Rule: throughput of the 28 days from that day on, over that of the 28 days before, in the middle,
-- within 10 % of a standard ratio; the same within 15 % for 7 days on either side (it came then);
-- and nine tenths of the days on one side lie above nine tenths of those on the other. It came at
-- once: the day before is nearer to the level of the week before, the day after to the new one; and
-- what each side drifted by from its first fortnight to its second is less than half of the step,
-- or it is the season. Where more than a hundredth of the throughput in these weeks was received
-- there is generation, which comes and goes: then only steps by 3 or a third and more are reported.
-- Source: docs/rules.md#step; 10 % as the load itself drifts that far in 28 days: 3 %
-- finds 2 of 27 steps by 4 put into the live substations, 10 % finds 14, and neither errs. A load
-- that idles at weekends has no such days apart and is not judged.
-- Fires on none of 13 real feeders; wew rose by 1.7, which is not such a ratio.

with

exchanges as (
    select
        feeder,
        cast(valid_from as date) as exchange_date
    from {{ ref('stg_meter_data') }}
    where valid_from is not null
)

select
    'step' as rule,
    'warn' as severity,
    standard.feeder,
    standard.local_date as first_date,
    standard.local_date as last_date,
    'daily mean ' || {{ shown('standard.mw_before', 3) }} || ' MW in the 28 days before, '
    || {{ shown('standard.mw_after', 3) }} || ' MW from then on: x '
    || {{ shown('standard.ratio', 3) }} || ', a ratio of current transformers is '
    || {{ shown('standard.standard_ratio', 3) }} as evidence,
    case
        when max(exchanges.exchange_date) is null
            then 'no exchange is in meter-data.csv: ask whether transformers or taps were changed'
        else 'meter-data.csv has an exchange then: check the multiplier of its new row'
    end as meaning
from {{ ref('standard_steps') }} as standard
left join exchanges
    on
        standard.feeder = exchanges.feeder
        and exchanges.exchange_date between standard.local_date - 1 and standard.local_date + 1
group by
    standard.feeder, standard.local_date, standard.mw_before, standard.mw_after, standard.ratio,
    standard.standard_ratio
