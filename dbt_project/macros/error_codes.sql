{# Raw values of all ones in binary or all nines, which meters and their readers write for an error,
   also with up to three decimals. #}
{% macro error_codes() -%}
    {%- set codes = [] -%}
    {% for base in [32767, 65535, 1048575, 16777215, 2147483647, 4294967295,
        9999, 99999, 999999, 9999999, 99999999, 999999999] -%}
        {%- for scale in [1, 10, 100, 1000] -%}
            {%- do codes.append(base / scale if scale > 1 else base) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ codes | join(', ') }}
{%- endmacro %}
