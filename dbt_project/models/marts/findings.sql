-- one row per thing that looks wrong, from all detectors

{{ config(post_hook="{{ say_findings() }}") }}

with

found as (
    {% for detector in [
        'energy_unit', 'above_rating', 'step', 'kva_below_kw', 'swap', 'clock', 'stuck', 'spike',
        'zero_run', 'other_unit', 'interval_length', 'unclear_time', 'outside_periods',
        'period_hole', 'quiet', 'clock_offset', 'negative', 'out_of_range',
        'equal_files', 'repeated_day',
        'register', 'unit_step', 'implausible', 'implausible_kva',
        'kva_above_kw', 'kva_kvar_conflict', 'event_word', 'register_check', 'small_total',
        'far_apart',
    ] %}
        select
            '{{ detector }}' as rule,
            severity,
            feeder,
            first_date,
            last_date,
            evidence,
            meaning
        from {{ ref('detect_' ~ detector) }}
        {{ "union all" if not loop.last }}
    {% endfor %}
)

select * from found
