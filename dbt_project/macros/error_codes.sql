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

{# The IEC 61968-9 code of a value that failed, by its reason in implausible_intervals: an error
   code, above a maximum, above a maximum by per cent, or failed validation in general. #}
{% macro failed_code(reason) -%}
    case {{ reason }}
        when 'error_code' then '3.5.257'
        when 'above_rating' then '3.6.3'
        when 'spike' then '3.6.5'
        else '3.6.0'
    end
{%- endmacro %}

{# The rule that a reason of implausible_intervals belongs to. #}
{% macro failed_rule(reason) -%}
    case
        when {{ reason }} in ('register', 'unit_step') then {{ reason }}
        else 'implausible'
    end
{%- endmacro %}
