{# `on_schema_change`: what becomes of an incremental table whose query has other columns than before. #}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') -%}
    {%- if on_schema_change in ('ignore', 'fail', 'append_new_columns', 'sync_all_columns') -%}
        {{ return(on_schema_change) }}
    {%- endif -%}
    {%- do log('`on_schema_change` is `%s`, which is none of its values: `%s` is taken' % (on_schema_change, default)) -%}
    {{ return(default) }}
{%- endmacro %}

{% macro process_schema_changes(on_schema_change, source_relation, target_relation) -%}
    {{ return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) }}
{%- endmacro %}

{# Gives the columns to insert: the query's, where changes are followed; none where they are ignored. #}
{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) -%}
    {%- if on_schema_change == 'ignore' -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set difference = check_for_schema_changes(source_relation, target_relation) -%}
    {%- if difference.schema_changed and on_schema_change == 'fail' -%}
        {%- do exceptions.raise_compiler_error(_schema_change_report(difference)) -%}
    {%- elif difference.schema_changed -%}
        {%- do sync_column_schemas(on_schema_change, target_relation, difference) -%}
    {%- endif -%}
    {{ return(difference.source_columns) }}
{%- endmacro %}

{% macro _schema_change_report(difference) -%}
    {{ return([
        'The source and target schemas on this incremental model are out of sync!',
        'Source columns not in target: ' ~ difference.source_not_in_target,
        'Target columns not in source: ' ~ difference.target_not_in_source,
        'New column types: ' ~ difference.new_target_types,
        'Run it once with `--full-refresh`, or have changes followed: `on_schema_change: append_new_columns` or `sync_all_columns`.',
    ] | join('\n')) }}
{%- endmacro %}

{% macro check_for_schema_changes(source_relation, target_relation) -%}
    {{ return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) }}
{%- endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) -%}
    {%- set here, there = adapter.get_columns_in_relation(source_relation), adapter.get_columns_in_relation(target_relation) -%}
    {%- set difference = {
        'source_columns': here,
        'target_columns': there,
        'source_not_in_target': diff_columns(here, there),
        'target_not_in_source': diff_columns(there, here),
        'new_target_types': diff_column_data_types(here, there),
    } -%}
    {%- set added, removed, retyped = difference.source_not_in_target, difference.target_not_in_source, difference.new_target_types -%}
    {%- do difference.update({'schema_changed': added + removed + retyped != []}) -%}
    {%- do log('In %s:\n    Columns added: %s\n    Columns gone: %s\n    Types changed: %s' % (target_relation, added, removed, retyped)) -%}
    {{ return(difference) }}
{%- endmacro %}

{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) -%}
    {{ return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) }}
{%- endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) -%}
    {%- set wholly = on_schema_change == 'sync_all_columns' -%}
    {%- do alter_relation_add_remove_columns(
        target_relation,
        schema_changes_dict.source_not_in_target,
        schema_changes_dict.target_not_in_source if wholly else [],
    ) -%}
    {%- for change in (schema_changes_dict.new_target_types if wholly else []) -%}
        {%- do alter_column_type(target_relation, change.column_name, change.new_type) -%}
    {%- endfor -%}
{%- endmacro %}

{# The columns of the first that the second lacks. #}
{% macro diff_columns(source_columns, target_columns) -%}
    {%- set known = get_list_of_column_names(target_columns) -%}
    {%- set unknown = [] -%}
    {%- for column in source_columns -%}
        {%- if column.name not in known %}{% do unknown.append(column) %}{% endif -%}
    {%- endfor -%}
    {{ return(unknown) }}
{%- endmacro %}

{% macro diff_column_data_types(source_columns, target_columns) -%}
    {{ return(adapter.dispatch('diff_column_data_types', 'dbt')(source_columns, target_columns)) }}
{%- endmacro %}

{# A text that is longer in the target than it has to be is no change, nor are other items of an array: dbt knows all
   arrays by one name. #}
{% macro default__diff_column_data_types(source_columns, target_columns) -%}
    {%- set before = {} -%}
    {%- for column in target_columns %}{% do before.update({column.name: column}) %}{% endfor -%}
    {%- set changes = [] -%}
    {%- for column in source_columns -%}
        {%- set old = before.get(column.name) -%}
        {%- set are_arrays = old and old.exact_type.endswith('[]') and column.exact_type.endswith('[]') -%}
        {%- if old and old.exact_type != column.exact_type and not are_arrays and not column.can_expand_to(other_column=old) -%}
            {%- do changes.append({'column_name': old.name, 'new_type': column.exact_type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(changes) }}
{%- endmacro %}
