-- What a shift moves out of its range onto an interval with a value of its own is not used.
{{ config(severity="warn", meta={"dagster": {"ref": {"name": "edited_values"}}}) }}

with

lost as (
    select
        decision,
        count(distinct interval_start_at) as interval_count,
        min(interval_start_at) as first_at
    from {{ ref('edited_values') }}
    where shift_result = 'own_value_kept'
    group by decision
)

select
    {{ decision_in_words('decisions') }} || ' moves '
    || {{ counted('lost.interval_count', 'interval') }}
    || ' onto intervals outside of its range that have values of their own; those are kept, the '
    || 'first at ' || {{ to_the_minute('lost.first_at') }} || ' UTC' as words,
    'let the range end where the right clock begins, or mark what is in the way as missing first: '
    || 'shift_result in edited_values has each' as advice
from lost
inner join {{ ref('decisions') }} as decisions on lost.decision = decisions.decision
