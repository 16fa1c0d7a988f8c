-- one row per feeder and time in which all it shows is above the level of most of its time, see
-- unit_steps

{{ config(materialized="ephemeral") }}

select
    feeder,
    timestamp '0001-01-02' as from_at,
    start_at as until_at
from {{ ref('unit_steps') }}
where from_at is null and level_before > 0
union all
select
    feeder,
    start_at as from_at,
    coalesce(until_at, timestamp '9999-01-01') as until_at
from {{ ref('unit_steps') }}
where level > 0
