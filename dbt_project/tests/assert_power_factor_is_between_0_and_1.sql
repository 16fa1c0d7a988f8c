-- A power factor is a share: nothing below 0, nothing above 1, no infinity where there is no load.
{{ config(meta={"dagster": {"ref": {"name": "combined_profiles"}}}) }}

with

factors as (
    select
        feeder,
        interval_start_at,
        pf_net as pf,
        pf_net_signed as signed_pf,
        kva_below_kw
    from {{ ref('feeder_profiles') }}
    where {{ is_untested('feeder_profiles', 'interval_start_at') }}
    union all
    select
        'total' as feeder,
        interval_start_at,
        pf_total as pf,
        pf_total_vector as signed_pf,
        null as kva_below_kw
    from {{ ref('combined_profiles') }}
    where {{ is_untested('combined_profiles', 'interval_start_at', '') }}
)

select *
from factors
-- the older tool's figures may leave it where kVA is below kW
{% if var('net_convention') == 'gross' %}
    where pf not between 0 and 1 and not kva_below_kw
{% else %}
    where pf not between 0 and 1 or signed_pf not between -1 and 1
{% endif %}
