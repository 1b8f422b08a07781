{# `clone`: another environment's relations in this one. #}
{% materialization clone, default -%}

    {%- set standing = load_cached_relation(this) -%}
    {%- if not defer_relation -%}
        {%- do log('Nothing to clone: the other state has no ' ~ model.unique_id, info=true) -%}
        {{ return({'relations': []}) }}
    {%- elif standing and not flags.FULL_REFRESH -%}
        {%- do log('Relation ' ~ standing ~ ' already exists', info=true) -%}
        {{ return({'relations': []}) }}
    {%- endif -%}

    {%- set original = load_cached_relation(defer_relation) -%}
    {%- if not (original and original.is_table and can_clone_table()) -%}
        {# A view on the other relation: the model's own view materialization makes it. #}
        {{ return(_materialization_macro('view')()) }}
    {%- endif -%}

    {%- if standing and not standing.is_table -%}
        {%- do default__handle_existing_table(true, standing) -%}
    {%- endif -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- do _run_main(create_or_replace_clone(table, defer_relation)) -%}
    {%- do _settle_build(table, standing) -%}
    {{ return({'relations': [table]}) }}

{%- endmaterialization %}

{% macro _materialization_macro(name) -%}
    {%- set of_adapter = 'materialization_' ~ name ~ '_' ~ adapter.type() -%}
    {{ return(context[of_adapter if of_adapter in context else 'materialization_' ~ name ~ '_default']) }}
{%- endmacro %}

{% macro can_clone_table() -%}
    {{ return(adapter.dispatch('can_clone_table', 'dbt')()) }}
{%- endmacro %}

{# Postgres cannot. #}
{% macro default__can_clone_table() -%}
    {{ return(false) }}
{%- endmacro %}

{% macro create_or_replace_clone(this_relation, defer_relation) -%}
    {{ return(adapter.dispatch('create_or_replace_clone', 'dbt')(this_relation, defer_relation)) }}
{%- endmacro %}

{% macro default__create_or_replace_clone(this_relation, defer_relation) -%}
    {{ return('create or replace table ' ~ this_relation.render() ~ ' clone ' ~ defer_relation.render()) }}
{%- endmacro %}
