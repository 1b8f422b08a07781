{# Indexes (https://docs.getdbt.com/reference/resource-configs/postgres-configs#indexes). #}

{% macro create_indexes(relation) -%}
    {{ return(adapter.dispatch('create_indexes', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__create_indexes(relation) -%}
    {%- do _run_together(_index_statements(relation), 'create_indexes') -%}
{%- endmacro %}

{# One statement for each index of the configuration. #}
{% macro _index_statements(relation) -%}
    {%- set all = [] -%}
    {%- for index in config.get('indexes', default=[]) or [] -%}
        {%- set create = get_create_index_sql(relation, index) -%}
        {%- if create -%}
            {%- do all.append(create) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(all) }}
{%- endmacro %}

{% macro get_create_index_sql(relation, index_dict) -%}
    {{ return(adapter.dispatch('get_create_index_sql', 'dbt')(relation, index_dict)) }}
{%- endmacro %}

{# A project for several databases may configure indexes that this one lacks. #}
{% macro default__get_create_index_sql(relation, index_dict) -%}
    {{ return(none) }}
{%- endmacro %}

{% macro get_drop_index_sql(relation, index_name) -%}
    {{ return(adapter.dispatch('get_drop_index_sql', 'dbt')(relation, index_name)) }}
{%- endmacro %}

{% macro get_show_indexes_sql(relation) -%}
    {{ return(adapter.dispatch('get_show_indexes_sql', 'dbt')(relation)) }}
{%- endmacro %}
