{# Where a node is built and what it is called there. A project replaces any of them under the same name. #}

{% macro generate_schema_name(custom_schema_name=none, node=none) -%}
    {{ return(adapter.dispatch('generate_schema_name', 'dbt')(custom_schema_name, node)) }}
{%- endmacro %}

{# The target's schema, and the node's own behind it: people who share a database stay apart. #}
{% macro default__generate_schema_name(custom_schema_name, node) -%}
    {%- set parts = [target.schema] -%}
    {%- if custom_schema_name is not none -%}
        {%- do parts.append(custom_schema_name | trim) -%}
    {%- endif -%}
    {{ return(parts | join('_')) }}
{%- endmacro %}

{# For a project to call from its own `generate_schema_name`: the node's schema as it is, but only in production. #}
{% macro generate_schema_name_for_env(custom_schema_name, node) -%}
    {%- set own = custom_schema_name if target.name == 'prod' else none -%}
    {{ return(target.schema if own is none else own | trim) }}
{%- endmacro %}

{% macro generate_alias_name(custom_alias_name=none, node=none) -%}
    {{ return(adapter.dispatch('generate_alias_name', 'dbt')(custom_alias_name, node)) }}
{%- endmacro %}

{% macro default__generate_alias_name(custom_alias_name=none, node=none) -%}
    {%- if custom_alias_name -%}
        {{ return(custom_alias_name | trim) }}
    {%- endif -%}
    {%- set version = ('_v' ~ node.version) | replace('.', '_') if node.version else '' -%}
    {{ return(node.name ~ version) }}
{%- endmacro %}

{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {{ return(adapter.dispatch('generate_database_name', 'dbt')(custom_database_name, node)) }}
{%- endmacro %}

{% macro default__generate_database_name(custom_database_name=none, node=none) -%}
    {{ return(target.database if custom_database_name is none else custom_database_name) }}
{%- endmacro %}

{% macro generate_latest_version_pointer_alias(custom_alias_name=none, node=none) -%}
    {{ return(adapter.dispatch('generate_latest_version_pointer_alias', 'dbt')(custom_alias_name, node)) }}
{%- endmacro %}

{% macro default__generate_latest_version_pointer_alias(custom_alias_name=none, node=none) -%}
    {{ return(custom_alias_name | trim if custom_alias_name else node.name) }}
{%- endmacro %}
