{# Descriptions in the database (https://docs.getdbt.com/reference/resource-configs/persist_docs). #}

{% macro persist_docs(relation, model, for_relation=true, for_columns=true) -%}
    {{ return(adapter.dispatch('persist_docs', 'dbt')(relation, model, for_relation, for_columns)) }}
{%- endmacro %}

{# Everything in one round trip, and one more to know the columns. #}
{% macro default__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set comments = [] -%}
    {%- if for_relation and model.description and config.persist_relation_docs() -%}
        {%- do comments.append(alter_relation_comment(relation, model.description)) -%}
    {%- endif -%}
    {#- dbt asks information_schema for the columns, which has none of materialized views. -#}
    {%- if for_columns and model.columns and config.persist_column_docs() and not relation.is_materialized_view -%}
        {%- set standing = get_list_of_column_names(adapter.get_columns_in_relation(relation)) -%}
        {%- do comments.append(alter_column_comment(relation, validate_doc_columns(relation, model.columns, standing))) -%}
    {%- endif -%}
    {%- set text = comments | map('trim') | select | join('\n') -%}
    {%- if text -%}
        {%- do run_query(text) -%}
    {%- endif -%}
{%- endmacro %}

{# The documented columns that stand under the very name; of those that don't in any case it is told. #}
{% macro validate_doc_columns(relation, column_dict, existing_column_names) -%}
    {%- set exact, any_case = existing_column_names | list, existing_column_names | map('lower') | list -%}
    {%- set standing, absent = {}, [] -%}
    {%- for name, column in column_dict.items() -%}
        {%- if name in exact -%}
            {%- do standing.update({name: column}) -%}
        {%- elif column.get('quote') or name.lower() not in any_case -%}
            {%- do absent.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if absent -%}
        {%- do exceptions.warn('In relation ' ~ relation.render() ~ ': The following columns are specified in the schema but are not present in the database: ' ~ absent | join(', ')) -%}
    {%- endif -%}
    {{ return(standing) }}
{%- endmacro %}

{% macro alter_relation_comment(relation, relation_comment) -%}
    {{ return(adapter.dispatch('alter_relation_comment', 'dbt')(relation, relation_comment)) }}
{%- endmacro %}

{% macro default__alter_relation_comment(relation, relation_comment) -%}
    {{ return(_comment_text(relation.type | replace('_', ' '), relation.render(), relation_comment)) }}
{%- endmacro %}

{% macro alter_column_comment(relation, column_dict) -%}
    {{ return(adapter.dispatch('alter_column_comment', 'dbt')(relation, column_dict)) }}
{%- endmacro %}

{% macro default__alter_column_comment(relation, column_dict) -%}
    {%- set all = [] -%}
    {#- dbt passes over what stands under another case, quoted or not. -#}
    {%- set standing = get_list_of_column_names(adapter.get_columns_in_relation(relation)) -%}
    {%- for name, column in column_dict.items() if name in standing -%}
        {%- set column_name = adapter.quote(name) if column.get('quote') else name -%}
        {%- do all.append(_comment_text('column', relation.render() ~ '.' ~ column_name, column.get('description', ''))) -%}
    {%- endfor -%}
    {{ return(all | join('\n')) }}
{%- endmacro %}

{% macro _comment_text(kind, name, text) -%}
    {%- set literal = postgres_escape_comment(text) -%}
    {{ return('comment on ' ~ kind ~ ' ' ~ name ~ ' is ' ~ literal ~ ';') }}
{%- endmacro %}
