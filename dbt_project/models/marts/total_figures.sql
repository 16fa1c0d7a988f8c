-- one row per day, month and year of the system's clock, or all, of the total

{{ config(materialized="view") }}

select * from {{ ref('planner_figures') }} -- noqa: AM04
where feeder = 'total'
