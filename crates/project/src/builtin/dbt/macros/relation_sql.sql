{# The text that creates, replaces, renames or drops a relation. Each verb asks the macro of the relation's kind, so a
   project may replace one kind of one verb: `drop_view`, `get_rename_table_sql`, … #}

{% macro get_create_sql(relation, sql) -%}
    {%- do log('Applying CREATE to: ' ~ relation) -%}
    {{ return(adapter.dispatch('get_create_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_sql(relation, sql) -%}
    {{ return(get_create_table_as_sql(false, relation, sql) if relation.is_table else _ask_kind('get_create_', relation, '_as_sql', 'get_create_sql', sql)) }}
{%- endmacro %}

{% macro get_drop_sql(relation) -%}
    {%- do log('Applying DROP to: ' ~ relation) -%}
    {{ return(adapter.dispatch('get_drop_sql', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_drop_sql(relation) -%}
    {{ return(_ask_kind('drop_', relation, '', 'get_drop_sql')) }}
{%- endmacro %}

{% macro get_rename_sql(relation, new_name) -%}
    {%- do log('Applying RENAME to: ' ~ relation) -%}
    {{ return(adapter.dispatch('get_rename_sql', 'dbt')(relation, new_name)) }}
{%- endmacro %}

{% macro default__get_rename_sql(relation, new_name) -%}
    {{ return(_ask_kind('get_rename_', relation, '_sql', 'get_rename_sql', new_name)) }}
{%- endmacro %}

{# The macro `<before><kind><after>` of a relation that is a table, view or materialized view. #}
{% macro _ask_kind(before, relation, after, asked, argument=none) -%}
    {%- if relation.type not in ('table', 'view', 'materialized_view') -%}
        {%- do exceptions.raise_compiler_error('`' ~ asked ~ '` has not been implemented for: ' ~ relation.type) -%}
    {%- endif -%}
    {%- set of_kind = context[before ~ relation.type ~ after] -%}
    {{ return(of_kind(relation) if argument is none else of_kind(relation, argument)) }}
{%- endmacro %}

{% macro get_replace_sql(existing_relation, target_relation, sql) -%}
    {%- do log('Applying REPLACE to: ' ~ existing_relation) -%}
    {{ return(adapter.dispatch('get_replace_sql', 'dbt')(existing_relation, target_relation, sql)) }}
{%- endmacro %}

{# In place where Postgres can and nothing has to change its kind. Else as much beside as names allow: the new one
   before the old one goes, the old one out of the way before the new one comes. #}
{% macro default__get_replace_sql(existing_relation, target_relation, sql) -%}
    {%- if existing_relation.can_be_replaced and existing_relation.type == target_relation.type -%}
        {{ return(_ask_kind('get_replace_', target_relation, '_sql', 'get_replace_sql', sql)) }}
    {%- endif -%}
    {%- set beside, aside = target_relation.can_be_renamed, existing_relation.can_be_renamed -%}
    {{ return([
        get_create_intermediate_sql(target_relation, sql) if beside else '',
        get_create_backup_sql(existing_relation) if aside else get_drop_sql(existing_relation),
        get_rename_intermediate_sql(target_relation) if beside else get_create_sql(target_relation, sql),
        get_drop_backup_sql(existing_relation) if aside else '',
    ] | map('trim') | select | join(';\n')) }}
{%- endmacro %}

{% macro get_create_intermediate_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_create_intermediate_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_intermediate_sql(relation, sql) -%}
    {%- set beside = make_intermediate_relation(relation) -%}
    {{ return(get_drop_sql(beside) ~ ';\n' ~ get_create_sql(beside, sql)) }}
{%- endmacro %}

{% macro get_rename_intermediate_sql(relation) -%}
    {{ return(adapter.dispatch('get_rename_intermediate_sql', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_rename_intermediate_sql(relation) -%}
    {{ return(get_rename_sql(make_intermediate_relation(relation), relation.identifier)) }}
{%- endmacro %}

{% macro get_create_backup_sql(relation) -%}
    {{ return(adapter.dispatch('get_create_backup_sql', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_create_backup_sql(relation) -%}
    {%- set aside = make_backup_relation(relation, relation.type) -%}
    {{ return(get_drop_sql(aside) ~ ';\n' ~ get_rename_sql(relation, aside.identifier)) }}
{%- endmacro %}

{% macro get_drop_backup_sql(relation) -%}
    {{ return(adapter.dispatch('get_drop_backup_sql', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_drop_backup_sql(relation) -%}
    {{ return(get_drop_sql(make_backup_relation(relation, relation.type))) }}
{%- endmacro %}

{# Tables #}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
    {{ return(adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
    {{ return(create_table_as(temporary, relation, sql)) }}
{%- endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- if language != 'sql' -%}
        {%- do exceptions.raise_compiler_error('Postgres runs SQL: `create_table_as` cannot build a model in ' ~ language) -%}
    {%- endif -%}
    {{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code)) }}
{%- endmacro %}

{# With a contract the table is defined first and filled then: its columns, in its order, with its constraints. A
   temporary table is on its way to such a one: its columns are held against the contract, and are as the query's. #}
{% macro default__create_table_as(temporary, relation, sql) -%}
    {%- set words = ['create', 'temporary' if temporary else '', 'unlogged' if config.get('unlogged') and not temporary else '', 'table'] -%}
    {%- set create = words | select | join(' ') ~ ' ' ~ relation.render() -%}
    {%- if _enforced_contract() -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {{ _sql_header() }}
    {%- if _enforced_contract() and not temporary %}
    {{ create }} {{ get_table_columns_and_constraints() }};

    insert into {{ relation.render() }} ({{ adapter.dispatch('get_column_names', 'dbt')() }}) (
    {{ get_select_subquery(sql) }}
    );
    {%- else %}
    {{ create }} as (
    {{ sql }}
    );
    {%- endif -%}
{%- endmacro %}

{% macro get_replace_table_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_replace_table_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{# Postgres replaces no table in place. #}
{% macro default__get_replace_table_sql(relation, sql) -%}
    {{ return(drop_table(relation) ~ ';\n' ~ get_create_table_as_sql(false, relation, sql)) }}
{%- endmacro %}

{% macro drop_table(relation) -%}
    {{ return(adapter.dispatch('drop_table', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__drop_table(relation) -%}
    {{ return(_drop_text('table', relation)) }}
{%- endmacro %}

{% macro get_rename_table_sql(relation, new_name) -%}
    {{ return(adapter.dispatch('get_rename_table_sql', 'dbt')(relation, new_name)) }}
{%- endmacro %}

{% macro default__get_rename_table_sql(relation, new_name) -%}
    {{ return(_rename_text('table', relation, new_name)) }}
{%- endmacro %}

{# Views #}

{% macro get_create_view_as_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_view_as_sql(relation, sql) -%}
    {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
    {{ return(adapter.dispatch('create_view_as', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__create_view_as(relation, sql) -%}
    {{ return(_view_text('create view', relation, sql)) }}
{%- endmacro %}

{% macro get_replace_view_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_replace_view_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_replace_view_sql(relation, sql) -%}
    {{ return(_view_text('create or replace view', relation, sql)) }}
{%- endmacro %}

{% macro _view_text(create, relation, sql) -%}
    {%- if _enforced_contract() -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {{ _sql_header() }}
    {{ create }} {{ relation.render() }} as (
    {{ sql }}
    );
{%- endmacro %}

{% macro drop_view(relation) -%}
    {{ return(adapter.dispatch('drop_view', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__drop_view(relation) -%}
    {{ return(_drop_text('view', relation)) }}
{%- endmacro %}

{% macro get_rename_view_sql(relation, new_name) -%}
    {{ return(adapter.dispatch('get_rename_view_sql', 'dbt')(relation, new_name)) }}
{%- endmacro %}

{% macro default__get_rename_view_sql(relation, new_name) -%}
    {{ return(_rename_text('view', relation, new_name)) }}
{%- endmacro %}

{# Materialized views #}

{% macro get_create_materialized_view_as_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_create_materialized_view_as_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{# Its indexes come with it, in the same round trip. #}
{% macro default__get_create_materialized_view_as_sql(relation, sql) -%}
    {%- set view = 'create materialized view if not exists ' ~ relation.render() ~ ' as ' ~ sql -%}
    {{ return(([view] + _index_statements(relation)) | join(';\n')) }}
{%- endmacro %}

{% macro get_replace_materialized_view_sql(relation, sql) -%}
    {{ return(adapter.dispatch('get_replace_materialized_view_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{# Postgres replaces no materialized view in place. #}
{% macro default__get_replace_materialized_view_sql(relation, sql) -%}
    {{ return(drop_materialized_view(relation) ~ ';\n' ~ get_create_materialized_view_as_sql(relation, sql)) }}
{%- endmacro %}

{% macro drop_materialized_view(relation) -%}
    {{ return(adapter.dispatch('drop_materialized_view', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__drop_materialized_view(relation) -%}
    {{ return(_drop_text('materialized view', relation)) }}
{%- endmacro %}

{% macro get_rename_materialized_view_sql(relation, new_name) -%}
    {{ return(adapter.dispatch('get_rename_materialized_view_sql', 'dbt')(relation, new_name)) }}
{%- endmacro %}

{% macro default__get_rename_materialized_view_sql(relation, new_name) -%}
    {{ return(_rename_text('materialized view', relation, new_name)) }}
{%- endmacro %}

{% macro refresh_materialized_view(relation) -%}
    {%- do log('Applying REFRESH to: ' ~ relation) -%}
    {{ return(adapter.dispatch('refresh_materialized_view', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__refresh_materialized_view(relation) -%}
    {{ return('refresh materialized view ' ~ relation.render()) }}
{%- endmacro %}

{# All kinds #}

{% macro _drop_text(kind, relation) -%}
    {{ return('drop ' ~ kind ~ ' if exists ' ~ relation.render() ~ ' cascade') }}
{%- endmacro %}

{% macro _rename_text(kind, relation, new_name) -%}
    {{ return('alter ' ~ kind ~ ' ' ~ relation.render() ~ ' rename to ' ~ adapter.quote_as_configured(new_name, 'identifier')) }}
{%- endmacro %}
