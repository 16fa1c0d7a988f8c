-- one row per feeder, month and run that changed figures which an earlier run had published

-- depends_on: {{ ref('month_figures') }}
{{ config(materialized="view") }}

select
    feeder,
    month_start_at,
    restated_at,
    cause,
    readings_before,
    readings_after,
    net_mwh_before,
    net_mwh_after,
    peak_mw_before,
    peak_mw_after
from {{ this.schema }}.restated_months
