-- one row per feeder and day, month and year of the system's clock, or all

{{ config(materialized="view") }}

select * from {{ ref('planner_figures') }} -- noqa: AM04
where feeder <> 'total'
