{# The fingerprint of the code of the model at hand: of its own SQL, of its ancestors', of the seeds
   among them, of the macros that any of these use and of the variables that they read. Comments and
   white space do not count. While it is the same, equal partitions are equal rows. #}
{% macro model_fingerprint() -%}
    {%- if not execute -%}
        {{- return('') -}}
    {%- endif -%}
    {%- if 'fingerprint' not in model -%}
        {%- do model.update({'fingerprint': local_md5(texts_behind(model.unique_id) | join)}) -%}
    {%- endif -%}
    {{- return(model.fingerprint) -}}
{%- endmacro %}

{# What decides the rows of a model, one text for each node and macro, in a fixed order. #}
{% macro texts_behind(unique_id) -%}
    {%- set found, texts, of_project = [unique_id], [], 'macro.' ~ project_name ~ '.' -%}
    {#- the list grows while it is gone through -#}
    {%- for id in found -%}
        {%- if id.startswith('model.') -%}
            {%- set node = graph.nodes[id] -%}
            {%- do texts.append(node.name ~ significant(node.raw_code)) -%}
            {%- do found.extend(
                (node.depends_on.nodes + node.depends_on.macros) | reject('in', found)
            ) -%}
        {%- elif id.startswith('seed.') -%}
            {%- do texts.append(id ~ graph.nodes[id].checksum.checksum) -%}
        {%- elif id.startswith(of_project) -%}
            {%- set macro = context[project_name][id.removeprefix(of_project)].macro -%}
            {%- do texts.append(significant(macro.macro_sql)) -%}
            {%- do found.extend(macro.depends_on.macros | reject('in', found)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do texts.append(read_variables(texts)) -%}
    {{- return(texts | sort) -}}
{%- endmacro %}

{# A text of SQL and Jinja without comments; quoted text is left as it is. #}
{% macro significant(text) -%}
    {%- set comments = "('(?:[^']|'')*')|(?s:\\{#.*?#\\})|--[^\n]*" -%}
    {{- return(modules.re.sub(comments, '\\1', text).split() | join(' ')) -}}
{%- endmacro %}

{# The values of the variables that are named in texts, but for those that set how much is built. #}
{% macro read_variables(texts) -%}
    {%- set names = modules.re.findall('\\bvar\\([\'"](\\w+)', texts | join) -%}
    {%- set values = [] -%}
    {%- for name in names | unique | sort if name not in ('month', 'full_tests') -%}
        {%- do values.append(name ~ '=' ~ var(name)) -%}
    {%- endfor -%}
    {{- return(values | join(' ')) -}}
{%- endmacro %}
