{# Columns of relations and of queries. #}

{% macro get_columns_in_relation(relation) -%}
    {{ return(adapter.dispatch('get_columns_in_relation', 'dbt')(relation)) }}
{%- endmacro %}

{% macro sql_convert_columns_in_relation(table) -%}
    {%- set columns = [] -%}
    {%- for described in table.rows -%}
        {%- do columns.append(api.Column(*described)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{% macro get_list_of_column_names(columns) -%}
    {{ return(columns | map(attribute='name') | list) }}
{%- endmacro %}

{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) }}
{%- endmacro %}

{# A query's columns and none of its rows: the planner sees that there is nothing to read. #}
{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {%- set empty = ['select * from (', '    ' ~ select_sql, ') as __dbt_sbq', 'where false', 'limit 0'] | join('\n    ') -%}
    {{ return((select_sql_header or '') ~ empty ~ '\n') }}
{%- endmacro %}

{% macro get_empty_schema_sql(columns) -%}
    {{ return(adapter.dispatch('get_empty_schema_sql', 'dbt')(columns)) }}
{%- endmacro %}

{# Documented columns as a select of nulls: what a query with these names and types looks like to the driver. #}
{% macro default__get_empty_schema_sql(columns) -%}
    {%- set untyped = columns.values() | rejectattr('data_type') | map(attribute='name') | list -%}
    {%- if untyped -%}
        {%- do exceptions.column_type_missing(column_names=untyped) -%}
    {%- endif -%}
    {%- set loose = columns.values() | selectattr('data_type', 'in', ['numeric', 'decimal']) | map(attribute='name') | list -%}
    {%- if loose -%}
        {%- do exceptions.warn('Detected columns with numeric type and unspecified precision/scale, this can lead to unintended rounding: %s' % loose) -%}
    {%- endif -%}
    {%- set nulls = [] -%}
    {%- for column in columns.values() -%}
        {%- do nulls.append(cast('null', _promised_type(column)) | trim ~ ' as ' ~ _written_name(column)) -%}
    {%- endfor -%}
    {{ return('select ' ~ nulls | join(', ')) }}
{%- endmacro %}

{# A documented column's type, names that all platforms know in Postgres' words (`alias_types` of the contract). #}
{% macro _promised_type(column) -%}
    {%- set aliased = (model.contract or {}).get('alias_types', true) -%}
    {{ return(api.Column.translate_type(column.data_type) if aliased else column.data_type) }}
{%- endmacro %}

{# A documented column as SQL names it. #}
{% macro _written_name(column) -%}
    {{ return(adapter.quote(column.name) if column.get('quote') else column.name) }}
{%- endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) -%}
    {{ return(adapter.get_column_schema_from_query(get_empty_subquery_sql(select_sql, select_sql_header))) }}
{%- endmacro %}

{% macro get_columns_in_query(select_sql) -%}
    {{ return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) }}
{%- endmacro %}

{% macro default__get_columns_in_query(select_sql) -%}
    {{ return(run_query(get_empty_subquery_sql(select_sql)).column_names | list) }}
{%- endmacro %}

{% macro alter_column_type(relation, column_name, new_column_type) -%}
    {{ return(adapter.dispatch('alter_column_type', 'dbt')(relation, column_name, new_column_type)) }}
{%- endmacro %}

{# A new column takes the values over by assignment, which more types allow than `alter … type` does, and then the
   name. Like every new column it stands last. #}
{% macro default__alter_column_type(relation, column_name, new_column_type) -%}
    {%- set name, draft = adapter.quote(column_name), adapter.quote(column_name ~ '__dbt_alter') -%}
    {%- set alter = 'alter table ' ~ relation.render() -%}
    {%- do _run_together([
        alter ~ ' add column ' ~ draft ~ ' ' ~ new_column_type,
        'update ' ~ relation.render() ~ ' set ' ~ draft ~ ' = ' ~ name,
        alter ~ ' drop column ' ~ name ~ ' cascade',
        alter ~ ' rename column ' ~ draft ~ ' to ' ~ name,
    ], 'alter_column_type') -%}
{%- endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none) -%}
    {{ return(adapter.dispatch('alter_relation_add_remove_columns', 'dbt')(relation, add_columns, remove_columns)) }}
{%- endmacro %}

{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) -%}
    {%- set changes = [] -%}
    {%- for column in add_columns or [] -%}
        {%- do changes.append('add column ' ~ column.quoted ~ ' ' ~ column.exact_type) -%}
    {%- endfor -%}
    {%- for column in remove_columns or [] -%}
        {%- do changes.append('drop column ' ~ column.quoted) -%}
    {%- endfor -%}
    {%- if changes -%}
        {%- do _run_together(['alter table ' ~ relation.render() ~ '\n    ' ~ changes | join('\n    , ')]) -%}
    {%- endif -%}
{%- endmacro %}

{% macro validate_sql(sql) -%}
    {{ return(adapter.dispatch('validate_sql', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__validate_sql(sql) -%}
    {%- do _run_together(['explain ' ~ sql], 'validate_sql') -%}
    {{ return(load_result('validate_sql')) }}
{%- endmacro %}

{# A query, limited. `limit` may be none. #}
{% macro get_limit_subquery_sql(sql, limit) -%}
    {{ return(adapter.dispatch('get_limit_sql', 'dbt')(sql, limit)) }}
{%- endmacro %}

{% macro default__get_limit_sql(sql, limit) -%}
    {{ return('\n  ' ~ sql ~ '\n  ' ~ ('' if limit is none else '\n  limit ' ~ limit)) }}
{%- endmacro %}

{% macro get_show_sql(compiled_code, sql_header, limit) -%}
    {{ return((sql_header or '') ~ '\n  ' ~ get_limit_subquery_sql(compiled_code, limit) ~ '\n') }}
{%- endmacro %}
