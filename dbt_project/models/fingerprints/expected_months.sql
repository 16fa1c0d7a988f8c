-- one row per feeder and UTC month with readings or without those it should have; its fingerprint
-- covers what is expected and read

with

expected as (
    select
        feeder,
        month_start_at,
        {{ joined([
            'first_start_at', 'until_at', 'interval_minutes', 'timezone', 'total_factor',
        ]) }} as description
    from {{ ref('expected_periods') }}
    where first_start_at < until_at
),

described as (
    select
        feeder,
        month_start_at,
        description
    from expected
    union all
    select
        feeder,
        month_start_at,
        stamp as description
    from {{ ref('read_months') }}
)

select
    feeder,
    month_start_at,
    md5({{ ordered_list('description') }}) as stamp
from described
group by feeder, month_start_at
