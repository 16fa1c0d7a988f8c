-- one row per feeder, or `total`, and month (UTC)

-- depends_on: {{ ref('gaps') }}
-- depends_on: {{ ref('combined_gaps') }}
-- depends_on: {{ ref('combined_profiles') }}
-- depends_on: {{ ref('member_profiles') }}
-- depends_on: {{ ref('feeder_days') }}
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
    -- the models above that are not partitioned count with their code
    md5(
        {{ ordered_list('description') }}
        || '{{ model_fingerprint() }}'
    ) as stamp
from parts
group by feeder, month_start_at
