{#- Registers by their names in files of register reads, and the channel of intervals that has the
    same energy. -#}
{% macro register_channels() -%}
    {{- return({
        'kwh_del': 'mw_del', 'kwh_rec': 'mw_rec',
        'kvah_del': 'mva_del', 'kvah_rec': 'mva_rec',
        'kvarh_del': 'mvar_del', 'kvarh_rec': 'mvar_rec',
    }) -}}
{%- endmacro %}

{# A multiplier, which has six decimals at most, as a person writes it. #}
{% macro plain_double(value) -%}
    {{ plain('cast(' ~ value ~ ' as decimal(24, 6))') }}
{%- endmacro %}
