{# Unit tests (https://docs.getdbt.com/docs/build/unit-tests): a model's query over given rows, beside expected ones. #}
{% materialization unit, default -%}

    {#- An empty table of the query's own shape knows the types that the expected rows are to have. -#}
    {%- set shape = make_temp_relation(this.incorporate(type='table')) -%}
    {%- set create = get_create_table_as_sql(true, shape, get_empty_subquery_sql(sql)) -%}
    {%- set columns = _columns_by_name(adapter.columns_after(create, shape)) -%}

    {%- set rows = config.get('expected_rows') or [] -%}
    {%- set compared = (rows | first).keys() | map('lower') | list if rows else columns.types.keys() | list -%}
    {%- set expected_sql = config.get('expected_sql') or get_expected_sql(rows, columns.types, columns.names) -%}
    {%- set names = [] -%}
    {%- for name in compared %}{% do names.append(columns.names[name]) %}{% endfor -%}

    {%- call statement('main', fetch_result=true) -%}
        {{ get_unit_test_sql(sql, expected_sql, names) }}
    {%- endcall -%}
    {#- What was made goes with the transaction. -#}
    {{ return({'relations': []}) }}

{%- endmaterialization %}

{# Types, and names as SQL has them, both by name in lower case. #}
{% macro _columns_by_name(columns) -%}
    {%- set types, names = {}, {} -%}
    {%- for column in columns -%}
        {%- do types.update({column.name.lower(): column.exact_type}) -%}
        {%- do names.update({column.name.lower(): column.quoted}) -%}
    {%- endfor -%}
    {{ return({'types': types, 'names': names}) }}
{%- endmacro %}

{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {{ return(adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names)) }}
{%- endmacro %}

{# The rows of both sides, each marked with the side it is of. #}
{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {%- set names = expected_column_names | join(', ') -%}
    {%- set sides, queries = [], [] -%}
    {%- for side, rows in [('actual', main_sql), ('expected', expected_fixture_sql)] -%}
        {%- set marked = 'select %s, %s as %s from (\n%s\n) as _dbt_internal_unit_test_%s' % (
            names, string_literal(side), adapter.quote('actual_or_expected'), rows, side
        ) -%}
        {%- do queries.append('dbt_internal_unit_test_' ~ side ~ ' as (\n' ~ marked ~ '\n)') -%}
        {%- do sides.append('select * from dbt_internal_unit_test_' ~ side) -%}
    {%- endfor -%}
    {{ return('with ' ~ queries | join('\n\n, ') ~ '\n\n' ~ sides | join('\nunion all\n')) }}
{%- endmacro %}

{# A given input: its rows in place of the relation, with all of the relation's columns and their types. The columns
   come from the relation that stands, or from the one that stands for it elsewhere. #}
{% macro get_fixture_sql(rows, column_name_to_data_types) -%}
    {%- set original = this if load_relation(this) or not defer_relation else defer_relation -%}
    {%- set columns = _columns_by_name(adapter.get_columns_in_relation(original)) -%}
    {%- set types = column_name_to_data_types or columns.types -%}
    {%- if not types -%}
        {%- do exceptions.raise_compiler_error("Not able to get columns for unit test '%s' from relation %s because the relation doesn't exist" % (model.name, this)) -%}
    {%- endif -%}
    {%- do validate_fixture_rows(rows, 0) -%}

    {%- set absent = {} -%}
    {%- for name in types %}{% do absent.update({name: safe_cast('null', types[name]) | trim}) %}{% endfor -%}
    {%- set whole = [] -%}
    {%- for row in rows -%}
        {%- set cells = absent.copy() -%}
        {%- do cells.update(format_row(row, types)) -%}
        {%- do whole.append(cells) -%}
    {%- endfor -%}
    {%- set text = _literal_rows(whole or [absent], columns.names) -%}
    {{ return('\n-- Fixture for ' ~ model.name ~ '\n' ~ text ~ ('' if whole else '\n    limit 0')) }}
{%- endmacro %}

{# The expected rows, with the columns that they tell of. #}
{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) -%}
    {%- if not rows -%}
        {{ return('select * from dbt_internal_unit_test_actual\nlimit 0') }}
    {%- endif -%}
    {%- set whole = [] -%}
    {%- for row in rows %}{% do whole.append(format_row(row, column_name_to_data_types)) %}{% endfor -%}
    {{ return(_literal_rows(whole, column_name_to_quoted)) }}
{%- endmacro %}

{# Rows of literals as one query. #}
{% macro _literal_rows(rows, names) -%}
    {%- set selects = [] -%}
    {%- for cells in rows -%}
        {%- set row = [] -%}
        {%- for name, literal in cells.items() %}{% do row.append(literal ~ ' as ' ~ names.get(name, name)) %}{% endfor -%}
        {%- do selects.append('select ' ~ row | join(', ')) -%}
    {%- endfor -%}
    {{ return(selects | join('\nunion all\n')) }}
{%- endmacro %}

{# A row's values as SQL, by name in lower case. A name that is no column is told with those that are. #}
{%- macro format_row(row, column_name_to_data_types) -%}
    {%- set cells = {} -%}
    {%- for name in row -%}
        {%- set type = column_name_to_data_types.get(name.lower()) -%}
        {%- if type is none -%}
            {%- set fixture = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" -%}
            {%- do exceptions.raise_compiler_error("Invalid column name: '%s' in unit test fixture for %s.\nAccepted columns for %s are: %s" % (
                name.lower(), fixture, fixture, column_name_to_data_types.keys() | list
            )) -%}
        {%- endif -%}
        {%- do cells.update({name.lower(): _fixture_value(row[name], type)}) -%}
    {%- endfor -%}
    {{ return(cells) }}
{%- endmacro -%}

{# A text is not cut to the column's length: it is to differ from what is expected, not to match it by accident. #}
{% macro _fixture_value(value, type) -%}
    {%- if value is none -%}
        {{ return(safe_cast('null', type)) }}
    {%- elif value is not string -%}
        {{ return(safe_cast(value, type)) }}
    {%- endif -%}
    {{ return(safe_cast(_quoted_literal(value), type.split('(')[0] if 'char' in type else type)) }}
{%- endmacro %}

{# For those who want more of given rows than Postgres does. #}
{%- macro validate_fixture_rows(rows, row_number) -%}
    {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro -%}

{%- macro default__validate_fixture_rows(rows, row_number) -%}
{%- endmacro -%}
