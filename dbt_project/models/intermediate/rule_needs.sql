-- one row per feeder and rule that needs more than readings: why it cannot be evaluated there, NULL
-- where it is

{{ config(materialized="ephemeral") }}

{% set full_days = var('usual_days') %}
{% set needs = {
    'kva_below_kw': ('has_kva', 'no kVA channel'),
    'kva_above_kw': ('has_kva', 'no kVA channel'),
    'energy_unit': ('has_kva', 'no kVA channel'),
    'implausible_kva': ('has_kva', 'no kVA channel'),
    'kva_kvar_conflict': ('has_kva and has_kvar', 'no kVA or no kvar channel'),
    'above_rating': ('has_rating', 'no rating_mva in meter-data.csv'),
    'implausible': (
        'has_rating or day_count >= ' ~ full_days,
        'fewer than ' ~ full_days ~ ' full days, and no rating_mva in meter-data.csv',
    ),
    'spike': ('day_count >= 7', 'fewer than 7 full days'),
    'repeated_day': ('day_count >= 2', 'fewer than 2 full days'),
    'unit_step': ('day_count >= 2', 'fewer than 2 full days'),
    'swap': ('day_count >= 14', 'fewer than 14 full days'),
    'step': ('day_count >= 42', 'fewer than 42 full days'),
    'clock': (
        'has_siblings or has_jumps',
        'fewer than three feeders for seven weeks, and no hour is missing or was read twice',
    ),
    'register_check': ('has_register_checks', 'no two register reads that could be checked'),
} %}

with

days as (
    select
        feeder,
        count(*) filter (where known_minutes >= {{ var('full_day_minutes') }}) as day_count,
        count(highest_kva) > 0 as has_kva,
        count(del_mvars) > 0 as has_kvar
    from {{ ref('feeder_days') }}
    where feeder <> 'total'
    group by feeder
),

rated as (
    select distinct feeder from {{ ref('stg_meter_data') }}
    where rating_mva is not null
),

beside as (
    select distinct feeder from {{ ref('sibling_shifts') }}
),

jumps as (
    select distinct feeder from {{ ref('hour_jumps') }}
),

checked as (
    select distinct feeder from {{ ref('register_checks') }}
    where verdict <> 'not checked'
),

feeders as (
    select
        days.*,
        checked.feeder is not null as has_register_checks,
        rated.feeder is not null as has_rating,
        beside.feeder is not null as has_siblings,
        jumps.feeder is not null as has_jumps
    from days
    left join rated on days.feeder = rated.feeder
    left join beside on days.feeder = beside.feeder
    left join jumps on days.feeder = jumps.feeder
    left join checked on days.feeder = checked.feeder
)

{% for rule, (condition, reason) in needs.items() %}
    select
        feeder,
        '{{ rule }}' as rule,
        case when not ({{ condition }}) then '{{ reason }}' end as reason
    from feeders
    {{ "union all" if not loop.last }}
{% endfor %}
