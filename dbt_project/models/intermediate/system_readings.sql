-- one row per feeder and reading, or missing interval, that counts in an interval of the system

{{ config(materialized="view") }}

{% set values = [
    'del_raw', 'rec_raw', 'kva_del_raw', 'kva_rec_raw', 'mw_per_unit', 'mw_del', 'mw_rec', 'mw_net',
    'mw_gross', 'mva_net', 'mva_net_min', 'mvar_del', 'mvar_rec', 'mvar_net', 'pf_net',
] %}
{% set columns = [
    'feeder', 'interval_start_at', 'actual_seconds', 'system_minutes', 'system_seconds', 'timezone',
    'total_factor', 'can_be_peak', 'is_reading',
] + values %}

with

system as (
    select * from {{ ref('stg_system') }}
),

members as (
    select
        feeder,
        interval_start_at,
        actual_seconds,
        total_factor,
        can_be_peak,
        true as is_reading,
        {{ values | join(', ') }}
    from {{ ref('feeder_profiles') }}
    union all
    select
        feeder,
        interval_start_at,
        interval_minutes * 60 as actual_seconds,
        total_factor,
        false as can_be_peak,
        false as is_reading,
        null as {{ values | join(', null as ') }}
    from {{ ref('missing_intervals') }}
),

{{ placed_in_system(columns) }}

select
    {{ columns | join(', ') }},
    system_start_at,
    is_whole,
    is_adjoining
from in_system
