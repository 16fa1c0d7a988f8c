{# The end of each feeder's last reading, and the file that it is in. #}
{% macro last_readings() -%}
    select
        uses.feeder,
        max(uses.last_end_at) as last_at,
        max_by(files.file_name, (uses.last_end_at, uses.file_id)) as last_file
    from {{ ref('file_uses') }} as uses
    inner join {{ source('raw', 'files') }} as files on uses.file_id = files.file_id
    group by uses.feeder
{%- endmacro %}
