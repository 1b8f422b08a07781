{# Projects that extend a macro for Postgres call the original as `dbt.postgres__…`. Where Postgres needs nothing of its
   own, that is the default. #}

{% macro postgres__alter_column_comment(relation, column_dict) -%}
    {{ return(default__alter_column_comment(relation, column_dict)) }}
{%- endmacro %}

{% macro postgres__alter_relation_comment(relation, comment) -%}
    {{ return(default__alter_relation_comment(relation, comment)) }}
{%- endmacro %}

{% macro postgres__check_schema_exists(information_schema, schema) -%}
    {{ return(default__check_schema_exists(information_schema, schema)) }}
{%- endmacro %}

{% macro postgres__list_schemas(database) -%}
    {{ return(default__list_schemas(database)) }}
{%- endmacro %}

{% macro postgres__create_schema(relation) -%}
    {{ return(default__create_schema(relation)) }}
{%- endmacro %}

{% macro postgres__drop_schema(relation) -%}
    {{ return(default__drop_schema(relation)) }}
{%- endmacro %}

{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {{ return(default__create_table_as(temporary, relation, sql)) }}
{%- endmacro %}

{% macro postgres__get_replace_table_sql(relation, sql) -%}
    {{ return(default__get_replace_table_sql(relation, sql)) }}
{%- endmacro %}

{% macro postgres__drop_table(relation) -%}
    {{ return(default__drop_table(relation)) }}
{%- endmacro %}

{% macro postgres__get_rename_table_sql(relation, new_name) -%}
    {{ return(default__get_rename_table_sql(relation, new_name)) }}
{%- endmacro %}

{% macro postgres__get_replace_view_sql(relation, sql) -%}
    {{ return(default__get_replace_view_sql(relation, sql)) }}
{%- endmacro %}

{% macro postgres__drop_view(relation) -%}
    {{ return(default__drop_view(relation)) }}
{%- endmacro %}

{% macro postgres__get_rename_view_sql(relation, new_name) -%}
    {{ return(default__get_rename_view_sql(relation, new_name)) }}
{%- endmacro %}

{% macro postgres__get_create_materialized_view_as_sql(relation, sql) -%}
    {{ return(default__get_create_materialized_view_as_sql(relation, sql)) }}
{%- endmacro %}

{% macro postgres__drop_materialized_view(relation) -%}
    {{ return(default__drop_materialized_view(relation)) }}
{%- endmacro %}

{% macro postgres__get_rename_materialized_view_sql(relation, new_name) -%}
    {{ return(default__get_rename_materialized_view_sql(relation, new_name)) }}
{%- endmacro %}

{% macro postgres__refresh_materialized_view(relation) -%}
    {{ return(default__refresh_materialized_view(relation)) }}
{%- endmacro %}

{% macro postgres__get_incremental_default_sql(arg_dict) -%}
    {{ return(default__get_incremental_default_sql(arg_dict)) }}
{%- endmacro %}

{% macro postgres__get_incremental_microbatch_sql(arg_dict) -%}
    {{ return(default__get_incremental_microbatch_sql(arg_dict)) }}
{%- endmacro %}

{% macro postgres__snapshot_merge_sql(target, source, insert_cols) -%}
    {{ return(default__snapshot_merge_sql(target, source, insert_cols)) }}
{%- endmacro %}

{% macro postgres__formatted_scalar_function_args_sql() -%}
    {{ return(default__formatted_scalar_function_args_sql()) }}
{%- endmacro %}

{% macro postgres__get_catalog(information_schema, schemas) -%}
    {%- set whole = [] -%}
    {%- for schema in schemas -%}
        {%- do whole.append(api.Relation.create(database=information_schema.database, schema=schema)) -%}
    {%- endfor -%}
    {{ return(dbt_postgres.postgres__get_catalog_relations(information_schema, whole)) }}
{%- endmacro %}
