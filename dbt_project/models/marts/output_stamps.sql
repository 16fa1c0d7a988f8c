-- one row per feeder, or `total`, and month (UTC)

-- depends_on: {{ ref('gaps') }}
-- depends_on: {{ ref('combined_profiles') }}
{{ config(materialized="view") }}

with

parts as (
    select
        feeder,
        month_start_at,
        {{ joined(['model', 'stamp', 'code']) }} as description
    from {{ this.schema }}.model_parts
    where model in ('feeder_profiles', 'missing_intervals', 'gaps', 'combined_profiles')
)

select
    feeder,
    month_start_at,
    md5({{ ordered_list('description') }}) as stamp
from parts
group by feeder, month_start_at
