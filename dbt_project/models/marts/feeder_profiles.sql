-- one row per feeder and interval with a reading

{{ config(
    materialized="incremental",
    incremental_strategy="replace_parts",
    parts="read_months",
    part_time="interval_start_at"
) }}

{% set settled = [
    'feeder', 'interval_start_at', 'interval_minutes', 'actual_seconds', 'meter', 'record_no',
    'event_type', 'reading_quality', 'event_handling', 'start_local', 'end_local', 'timezone',
    'clock_offset_seconds', 'del_raw', 'rec_raw', 'kva_del_raw', 'kva_rec_raw', 'kvar_del_raw',
    'kvar_rec_raw', 'mw_del', 'mw_rec', 'mva_del', 'mva_rec', 'mvar_del', 'mvar_rec', 'total_factor', 'is_ambiguous_time', 'is_off_time_grid', 'is_out_of_range',
    'file_id', 'line_number', 'position', 'mw_per_unit',
] %}
{% set is_delivered_only = '(p_rec = 0 and s_rec = 0)' %}
{% set is_received_only = '(p_del = 0 and s_del = 0)' %}

with

contested as (
    select * from {{ ref('stg_interval_reads') }}
    where feeder is not null and is_contested and {{ is_in_dirty_file(ref('read_months')) }}
    -- the file accepted last wins, whatever its name; but a reading that may belong to another hour
    -- never takes the place of one that does not, nor an unknown value that of a known one. Rows
    -- stay whole: channels of two files are never mixed
    qualify
        row_number() over (
            partition by feeder, interval_start_at
            order by
                is_ambiguous_time asc, is_unknown asc, accepted_seq desc,
                line_number desc, position desc
        ) = 1
),

readings as (
    select * from contested
    union all
    select * from {{ ref('stg_interval_reads') }}
    where feeder is not null and not is_contested and {{ is_in_dirty_file(ref('read_months')) }}
),

-- average power over the interval, exact; raw values for comparisons, roots and quotients
channels as (
    select
        *,
        {% for channel, mw, double in [
            ('del_raw', 'mw_del', 'p_del'), ('rec_raw', 'mw_rec', 'p_rec'),
            ('kva_del_raw', 'measured_mva_del', 's_del'),
            ('kva_rec_raw', 'measured_mva_rec', 's_rec'),
        ] -%}
            {{ in_mw(channel) }} as {{ mw }},
            {{ as_double(channel) }} as {{ double }},
        {% endfor -%}
        -- most meters have no kvar, which is seen first
        {% for channel, mw, double in [
            ('kvar_del_raw', 'mvar_del', 'q_del'), ('kvar_rec_raw', 'mvar_rec', 'q_rec'),
        ] -%}
            case when {{ channel }} is not null then {{ in_mw(channel) }} end as {{ mw }},
            case when {{ channel }} is not null then {{ as_double(channel) }} end as {{ double }},
        {% endfor -%}
        -- as in_mw does where energy is spread over another length
        cast(mw_factor as double)
        * case
            when is_spread
                then cast(interval_minutes * 60 as double) / nullif(actual_seconds, 0)
            else 1
        end as mw_per_unit
    from readings
    where {{ is_in_dirty_part(ref('read_months'), 'interval_start_at') }}
),

-- reactive power makes the apparent power of the net flow known, whichever way it ran; raw
vectors as (
    select
        *,
        case
            when q_del is null or q_rec is null or p_del is null or p_rec is null then null
            else sqrt({{ squared('p_del - p_rec') }} + {{ squared('q_del - q_rec') }})
        end as s_vector
    from channels
),

exact as (
    select
        *,
        case
            when s_vector is not null
                then cast(greatest(
                    {{ rounded('s_vector * mw_per_unit') }}, abs(mw_del - mw_rec)
                ) as decimal(28, 18))
        end as mva_exact
    from vectors
),

-- without it, and with one direction only, the measured value is the answer; a root is needed for
-- both at once, and its rounding must not take it below the active power
combined as (
    select
        {% for way, other in [('del', 'rec'), ('rec', 'del')] -%}
            -- without kVA all of it belongs to the direction that ran, if it is one
            coalesce(measured_mva_{{ way }}, case
                when p_{{ way }} > 0 and p_{{ other }} = 0 then mva_exact
                when p_{{ way }} = 0 and p_{{ other }} > 0 and mva_exact is not null
                    then cast(0 as decimal(28, 18))
            end) as mva_{{ way }},
        {% endfor -%}
        {% for name, sign in [('mva_vector', '+'), ('mva_net_min', '-')] -%}
            case
                when mva_exact is not null then mva_exact
                when measured_mva_del is null or measured_mva_rec is null then null
                when {{ is_delivered_only }} then greatest(measured_mva_del, abs(mw_del))
                when {{ is_received_only }} then greatest(measured_mva_rec, abs(mw_rec))
                else greatest({{ net_mva(sign) }}, abs(mw_del - mw_rec))
            end as {{ name }},
        {% endfor -%}
        *
    from exact
),

netted as (
    select
        *,
        {% if var('net_convention') == 'gross' %}
            mw_del + mw_rec as mw_balance,
            mva_del + mva_rec as mva_balance,
            p_del + p_rec as p_balance,
            s_del + s_rec as s_balance
        {% else %}
            mw_del - mw_rec as mw_balance,
            mva_vector as mva_balance,
            p_del - p_rec as p_balance,
            greatest(coalesce(s_vector, s_del + s_rec), abs(p_del - p_rec)) as s_balance
        {% endif %}
    from combined
),

factored as (
    select
        *,
        case
            when mw_balance is null or mva_balance is null then null
            when
                {{ is_delivered_only }} or {{ is_received_only }}
                {{ 'or s_vector is not null' if var('net_convention') == 'signed' }}
                then abs(p_balance) / nullif(s_balance, 0)
            else abs(cast(mw_balance as double)) / nullif(cast(mva_balance as double), 0)
        end as pf_net
    from netted
)

select
    {{ settled | join(', ') }},
    cast(mw_balance as decimal(28, 18)) as mw_net,
    cast(mw_del + mw_rec as decimal(28, 18)) as mw_gross,
    cast(mva_balance as decimal(28, 18)) as mva_net,
    cast(mva_net_min as decimal(28, 18)) as mva_net_min,
    cast(mva_del + mva_rec as decimal(28, 18)) as mva_gross,
    cast(mvar_del - mvar_rec as decimal(28, 18)) as mvar_net,
    pf_net,
    -- lagging, below 0, where both have one sign: IEEE 1459, see docs/bi-directional-flow.md
    case
        when s_vector is null then null
        when (p_del - p_rec) * (q_del - q_rec) > 0 then -pf_net
        else pf_net
    end as pf_net_signed,
    case
        when s_vector is null or s_vector = 0 then null
        when p_del >= p_rec and q_del >= q_rec then 1
        when p_del < p_rec and q_del >= q_rec then 2
        when p_del < p_rec then 3
        else 4
    end as quadrant,
    coalesce(p_del > 0 and p_rec > 0, false) as is_bidirectional,
    coalesce(abs(mw_del) > measured_mva_del, false)
    or coalesce(abs(mw_rec) > measured_mva_rec, false) as kva_below_kw,
    coalesce(actual_seconds < interval_minutes * 60 or event_handling = 'partial', false)
        as is_partial_interval,
    coalesce(actual_seconds > interval_minutes * 60 or event_handling = 'long', false)
        as is_long_interval,
    coalesce(event_handling = 'test', false) as is_test,
    coalesce(actual_seconds = interval_minutes * 60 and not is_off_time_grid, true)
    and coalesce(event_handling in ('normal', 'outage'), true) as can_be_peak
from factored
