-- Values that are left out of peaks (implausible_intervals): error codes, the energy of many
-- intervals in one, what is out of proportion to the rating or the feeder's history. Register
-- readings and another unit have detectors of their own.
-- Rule, source and how often it fires: docs/rules.md#implausible

{% set highest_plausible -%}
    cast(greatest(abs(figures.peak_mw), abs(figures.min_mw)) as double)
{%- endset %}

with

{{ left_out(ref('implausible_intervals'), 'abs(mw_net)', ['register', 'unit_step', 'member']) }}

select
    'warn' as severity,
    found.feeder,
    found.first_date,
    found.last_date,
    {{ counted('found.interval_count', 'interval') }}
    || case when found.interval_count = 1 then ' is' else ' are' end || ' left out of peaks: '
    || case found.reason
        when 'error_code' then 'the raw value is an error code'
        when 'catch_up' then 'with the energy of what is missing, or 0, before'
        when 'whole_day' then 'with the energy of a day'
        when 'above_rating' then 'above {{ var("above_rating_factor") }} x rating_mva'
        else 'out of proportion to all other days'
    end || '; the highest is ' || {{ highest_left_out('MW') }}
    || coalesce(
        ', ' || {{ shown('found.highest / nullif(' ~ highest_plausible ~ ', 0)', 1) }}
        || ' times the highest plausible one of ' || {{ shown(highest_plausible, 3) }} || ' MW', ''
    ) as evidence,
    'energy counts them as read: compare with the log of the meter; what is right after all '
    || 'becomes a peak with a rating_mva in meter-data.csv that it stays below' as meaning
from found
left join {{ ref('planner_figures') }} as figures
    on found.feeder = figures.feeder and figures.grain = 'all'
left join {{ source('raw', 'files') }} as files on found.file_id = files.file_id
