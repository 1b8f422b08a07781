{# Schemas. #}

{% macro create_schema(relation) -%}
    {{ return(adapter.dispatch('create_schema', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__create_schema(relation) -%}
    {%- do _run_together(['create schema if not exists ' ~ _schema_name_of(relation)], 'create_schema') -%}
{%- endmacro %}

{% macro drop_schema(relation) -%}
    {{ return(adapter.dispatch('drop_schema', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__drop_schema(relation) -%}
    {%- do _run_together(['drop schema if exists ' ~ _schema_name_of(relation) ~ ' cascade'], 'drop_schema') -%}
{%- endmacro %}

{# A connection has one database: a relation of another is a mistake that is told, and the name needs none. #}
{% macro _schema_name_of(relation) -%}
    {%- if relation.database -%}
        {%- do adapter.verify_database(relation.database) -%}
    {%- endif -%}
    {{ return(relation.without_identifier().include(database=false)) }}
{%- endmacro %}

{# For a project to call; the schema is one of the target's database. #}
{% macro drop_schema_named(schema_name) -%}
    {{ return(adapter.dispatch('drop_schema_named', 'dbt')(schema_name)) }}
{%- endmacro %}

{% macro default__drop_schema_named(schema_name) -%}
    {%- do adapter.drop_schema(api.Relation.create(database=target.database, schema=schema_name)) -%}
{%- endmacro %}

{% macro information_schema_name(database) -%}
    {{ return(adapter.dispatch('information_schema_name', 'dbt')(database)) }}
{%- endmacro %}

{% macro default__information_schema_name(database) -%}
    {{ return(database ~ '.INFORMATION_SCHEMA' if database else 'INFORMATION_SCHEMA') }}
{%- endmacro %}

{% macro list_schemas(database) -%}
    {{ return(adapter.dispatch('list_schemas', 'dbt')(database)) }}
{%- endmacro %}

{% macro default__list_schemas(database) -%}
    {{ return(run_query('select nspname from pg_catalog.pg_namespace order by nspname')) }}
{%- endmacro %}

{% macro check_schema_exists(information_schema, schema) -%}
    {{ return(adapter.dispatch('check_schema_exists', 'dbt')(information_schema, schema)) }}
{%- endmacro %}

{# A table of one number: one where the schema exists, zero where it doesn't. #}
{% macro default__check_schema_exists(information_schema, schema) -%}
    {{ return(run_query('select count(*) from pg_catalog.pg_namespace where nspname = ' ~ _quoted_literal(schema))) }}
{%- endmacro %}
