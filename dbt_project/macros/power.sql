{#- From raw channels to MW and MVA. -#}

{# Whether a reading, as it counts in the total, is beyond 10^6 MW, more than a thousand power
   stations: an error, and the sums of many have no room for it. Values are below 10^9, so that most
   meters cannot get there. #}
{% macro is_out_of_range() -%}
    case
        when mw_factor <= 0.001 and abs(total_factor) <= 1 and not (is_energy and is_odd) then false
        else coalesce(
            cast(
                greatest(
                    abs(del_raw), abs(rec_raw), abs(kva_del_raw), abs(kva_rec_raw),
                    abs(kvar_del_raw), abs(kvar_rec_raw)
                ) as double
            )
            * cast(mw_factor * greatest(abs(total_factor), 1) as double)
            * case
                when is_energy and actual_seconds <> meter_seconds
                    then cast(meter_seconds as double) / nullif(actual_seconds, 0)
                else 1
            end >= 1000000, false
        )
    end
{%- endmacro %}

{% macro long_value(channel, list='long_values') -%}
    {{ entry(list, [
        'del_raw', 'rec_raw', 'kva_del_raw', 'kva_rec_raw', 'kvar_del_raw', 'kvar_rec_raw',
    ].index(channel) + 1) }}
{%- endmacro %}

{# A raw channel as MW (MVA) averaged over the interval, exact: six decimals are enough for nearly
   every meter and multiply without a division; a longer value is in long_values. The energy of
   a row shorter or longer than its meter's interval is spread over its own length, by a quotient. #}
{% macro in_mw(channel) -%}
    case
        when is_no_load or is_out_of_range then null
        when is_spread
            then {{ rounded(
                'cast(coalesce(' ~ long_value(channel) ~ ', cast(' ~ channel
                ~ ' as decimal(38, 18))) as double)'
                ~ ' * cast(mw_factor as double)'
                ~ ' * interval_minutes * 60 / nullif(actual_seconds, 0)'
            ) }}
        when long_values is null then cast({{ channel }} * mw_factor as decimal(28, 18))
        else cast({{ long_value(channel) }} * mw_factor as decimal(28, 18))
    end
{%- endmacro %}

{# The sum of a raw channel with all its digits, over the rows with `known`; NULL if there is none.
   The short values and the few long ones apart: adding up the long type is slow. #}
{% macro exact_sum(channel, known='true') -%}
    {%- set short -%}
        cast(
            sum(case when long_values is null and {{ known }} then {{ channel }} end)
            as decimal(38, 18)
        )
    {%- endset -%}
    {%- set long -%}
        sum(case when {{ known }} then {{ long_value(channel) }} end)
    {%- endset -%}
    coalesce({{ short }} + {{ long }}, {{ short }}, {{ long }})
{%- endmacro %}

{# A raw channel for roots, quotients and comparisons with 0; NULL where it is no load. #}
{% macro as_double(channel) -%}
    case
        when is_no_load or is_out_of_range then null
        when long_values is null then cast({{ channel }} as double)
        else cast({{ long_value(channel) }} as double)
    end
{%- endmacro %}

{# Apparent power of the net flow, from raw doubles: sqrt((P_del - P_rec)^2 + (N_del +- N_rec)^2),
   N = sqrt(max(S^2 - P^2, 0)) the most that reactive power can have been (IEEE 1459). #}
{% macro net_mva(sign) -%}
    {{ rounded(
        'sqrt(' ~ squared('p_del - p_rec') ~ ' + ' ~ squared(
            'sqrt(greatest(s_del * s_del - p_del * p_del, 0)) ' ~ sign
            ~ ' sqrt(greatest(s_rec * s_rec - p_rec * p_rec, 0))'
        ) ~ ') * mw_per_unit'
    ) }}
{%- endmacro %}

{# Reactive power that makes this apparent power of this active power, without its sign. #}
{% macro reactive(apparent, active) -%}
    {{ rounded(
        'sqrt(greatest(' ~ squared('cast(' ~ apparent ~ ' as double)') ~ ' - '
        ~ squared('cast(' ~ active ~ ' as double)') ~ ', 0))'
    ) }}
{%- endmacro %}

{# What a feeder adds to a total. Nearly every weight is 1, and then nothing needs to be rounded,
   which takes a slow division. #}
{% macro weighted(value, weight) -%}
    case
        when {{ weight }} = 1 then {{ value }}
        else cast({{ weight }} * {{ value }} as decimal(28, 18))
    end
{%- endmacro %}

{# Power of the net flow of two directions. #}
{% macro net_of(delivered, received) -%}
    cast({{ delivered }} {{ "+" if var("net_convention") == "gross" else "-" }} {{ received }}
    as decimal(28, 18))
{%- endmacro %}
