{# Names of temporary and of other relations beside a model's own. #}

{% macro postgres__make_intermediate_relation(base_relation, suffix) -%}
    {{ return(_suffixed_relation(base_relation, suffix)) }}
{%- endmacro %}

{% macro postgres__make_backup_relation(base_relation, backup_relation_type, suffix) -%}
    {{ return(_suffixed_relation(base_relation, suffix).incorporate(type=backup_relation_type)) }}
{%- endmacro %}

{# Temporary tables live in a schema of the session's own and are named after the moment: a session may hold many. #}
{% macro postgres__make_temp_relation(base_relation, suffix) -%}
    {%- set moment = modules.datetime.datetime.now().strftime('%H%M%S%f') -%}
    {%- set named = _suffixed_relation(base_relation, suffix ~ moment) -%}
    {{ return(named.incorporate(path={'database': none, 'schema': none})) }}
{%- endmacro %}

{% macro postgres__make_relation_with_suffix(base_relation, suffix, dstring) -%}
    {{ return(postgres__make_temp_relation(base_relation, suffix) if dstring else _suffixed_relation(base_relation, suffix)) }}
{%- endmacro %}

{% macro postgres__information_schema_name(database) -%}
    {{ return('information_schema') }}
{%- endmacro %}
