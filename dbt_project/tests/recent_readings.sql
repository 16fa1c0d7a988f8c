-- In a run that a schedule or a sensor started, every feeder in use has had a reading in the last
-- 40 days. A run that a person started passes: an old year may be what is looked at. The finding
-- `quiet` names a feeder that has fallen behind the others, in every run.
{{ config(severity="warn", meta={"dagster": {"ref": {"name": "feeder_profiles"}}}) }}

-- depends_on: {{ ref('feeder_profiles') }}
{% set now = 'cast(current_timestamp as timestamp)' %}

with

lasts as (
    {{ last_readings() }}
),

in_use as (
    select distinct feeder from {{ ref('stg_meter_data') }}
    where coalesce(valid_to_at > {{ now }}, true)
)

select
    lasts.feeder || ': no reading since ' || {{ to_the_minute('lasts.last_at') }} || ' UTC (in '
    || lasts.last_file || '), '
    || {{ shown(dbt.datediff('cast(lasts.last_at as date)', 'cast(' ~ now ~ ' as date)', 'day')) }}
    || ' days ago' as words,
    'drop newer files, or write a valid_to in meter-data.csv for a meter out of use' as advice
from lasts
inner join in_use on lasts.feeder = in_use.feeder
where
    {{ 'true' if var('is_regular_run') | string | lower == 'true' else 'false' }}
    and {{ dbt.datediff('lasts.last_at', now, 'minute') }} > {{ var('quiet_days') }} * 1440
