{# Contracts (https://docs.getdbt.com/reference/resource-configs/contract): what a model promises of its columns. #}

{% macro get_assert_columns_equivalent(sql) -%}
    {{ return(adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
    {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}

{# Compares the properties' columns with the query's, in any order, both as the driver names their types. #}
{% macro assert_columns_equivalent(sql) -%}
    {%- if model.columns -%}
        {%- set promised = format_columns(get_column_schema_from_query(get_empty_schema_sql(model.columns), _sql_header())) -%}
        {%- set delivered = format_columns(get_column_schema_from_query(sql, _sql_header())) -%}
        {%- if _unordered_columns(promised) != _unordered_columns(delivered) -%}
            {%- do exceptions.raise_contract_error(promised, delivered) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{% macro _unordered_columns(columns) -%}
    {{ return(columns | map(attribute='formatted') | sort) }}
{%- endmacro %}

{% macro format_columns(columns) -%}
    {%- set format = adapter.dispatch('format_column', 'dbt') -%}
    {%- set all = [] -%}
    {%- for column in columns -%}
        {%- do all.append(format(column)) -%}
    {%- endfor -%}
    {{ return(all) }}
{%- endmacro %}

{% macro default__format_column(column) -%}
    {{ return(dict(name=column.name, data_type=column.dtype, formatted=column.name ~ ' ' ~ column.dtype)) }}
{%- endmacro %}

{# The definition between a table's name and its end. #}
{% macro get_table_columns_and_constraints() -%}
    {{ return(adapter.dispatch('get_table_columns_and_constraints', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_table_columns_and_constraints() -%}
    {{ return(table_columns_and_constraints()) }}
{%- endmacro %}

{% macro table_columns_and_constraints() -%}
    {%- set parts = adapter.render_raw_columns_constraints(model.columns) + adapter.render_raw_model_constraints(model.constraints) -%}
    {{ return('(\n    ' ~ parts | join('\n    , ') ~ '\n)') }}
{%- endmacro %}

{% macro default__get_column_names() -%}
    {%- set names = [] -%}
    {%- for column in model.columns.values() -%}
        {%- do names.append(_written_name(column)) -%}
    {%- endfor -%}
    {{ return(names | join(', ')) }}
{%- endmacro %}

{# The query with the promised columns in the promised order. #}
{% macro get_select_subquery(sql) -%}
    {{ return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_select_subquery(sql) -%}
    {{ return('select ' ~ adapter.dispatch('get_column_names', 'dbt')() ~ '\nfrom (\n    ' ~ sql ~ '\n) as model_subq') }}
{%- endmacro %}
