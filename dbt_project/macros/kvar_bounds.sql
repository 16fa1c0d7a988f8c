{#- What kVA can be beside kW and kvar of an interval, from raw values of both directions. The mean
    of a root is at least the root of the means, and at most their sum, as at every moment
    |P| and |Q| <= sqrt(P^2 + Q^2) <= |P| + |Q|. `counts` is what rounding may make of either side. -#}

{% macro is_kva_too_low(counts) -%}
    sqrt(
        {{ squared('cast(del_raw + rec_raw as double)') }}
        + {{ squared('cast(kvar_del_raw + kvar_rec_raw as double)') }}
    ) > cast(kva_del_raw + kva_rec_raw as double) + greatest(
        {{ counts }}, {{ var('kvar_class') }} * cast(kva_del_raw + kva_rec_raw as double)
    ) + 1e-9
{%- endmacro %}

{% macro is_kva_too_high(counts) -%}
    cast(kva_del_raw + kva_rec_raw as double) > greatest(
        cast(del_raw + rec_raw + kvar_del_raw + kvar_rec_raw as double) + {{ counts }},
        (1 + {{ var('kva_distortion') }})
        * cast(del_raw + rec_raw + kvar_del_raw + kvar_rec_raw as double)
    ) + 1e-9
{%- endmacro %}
