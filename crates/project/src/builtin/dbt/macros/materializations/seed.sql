{# Seeds (https://docs.getdbt.com/docs/build/seeds): a file's rows in a table. A table that stands is emptied and
   filled again, so that what reads it stays; a full refresh makes a new one. With `skip_unchanged: true` in the
   seed's meta, a table that was loaded from the same file keeps its rows. #}
{% materialization seed, default -%}

    {%- set standing = load_cached_relation(this) -%}
    {%- set table = this.incorporate(type='table') -%}
    {%- set anew = should_full_refresh() -%}
    {%- set memory = adapter.seed_memory() -%}
    {%- set same = memory is not none and not anew and standing is not none and standing.is_table
        and memory.stands(table.render()) -%}
    {%- if not same -%}
        {%- set rows = load_agate_table() -%}
        {%- do store_result('agate_table', 'OK', rows) -%}
    {%- endif -%}
    {%- do run_hooks(pre_hooks, inside_transaction=false) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=true) -%}

    {%- if same -%}
        {%- set prepared = none -%}
    {%- elif standing is none -%}
        {%- set prepared = create_csv_table(model, rows) -%}
    {%- elif standing.is_table -%}
        {%- set prepared = reset_csv_table(model, anew, standing, rows) -%}
    {%- else -%}
        {%- do exceptions.raise_compiler_error("Cannot seed to '%s', it is a %s" % (standing.render(), standing.type | replace('_', ' '))) -%}
    {%- endif -%}

    {%- if same -%}
        {%- call noop_statement('main', 'UNCHANGED', 'UNCHANGED', 0) -%}
            {{ '-- the file is the one that was loaded' }}
        {%- endcall -%}
    {%- else -%}
        {%- set code = 'CREATE' if anew else 'INSERT' -%}
        {%- set count = rows.rows | length -%}
        {%- set loaded = load_csv_rows(model, rows) -%}
        {%- call noop_statement('main', code ~ ' ' ~ count, code, count) -%}
            {{ get_csv_sql(prepared, loaded) }}
        {%- endcall -%}
        {%- do memory.note(table.render()) if memory is not none -%}
    {%- endif -%}

    {%- do _settle_build(table, standing, is_new=anew) -%}
    {%- if anew or standing is none -%}
        {%- do create_indexes(table) -%}
    {%- endif -%}
    {%- do run_hooks(post_hooks, inside_transaction=true) -%}
    {%- do _close_build() -%}
    {{ return({'relations': [table]}) }}

{%- endmaterialization %}

{% macro create_csv_table(model, agate_table) -%}
    {{ return(adapter.dispatch('create_csv_table', 'dbt')(model, agate_table)) }}
{%- endmacro %}

{# Types are the file's own, but for those of `column_types`. Gives the statement. #}
{% macro default__create_csv_table(model, agate_table) -%}
    {%- set given = model.config.get('column_types') or {} -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = given[name] if name in given else adapter.convert_type(agate_table, loop.index0) -%}
        {%- do columns.append(_seed_column_name(model, name) ~ ' ' ~ type) -%}
    {%- endfor -%}
    {%- set create = 'create table ' ~ this.render() ~ ' (' ~ columns | join(', ') ~ ')' -%}
    {%- do _run_together([create]) -%}
    {{ return(create) }}
{%- endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {{ return(adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table)) }}
{%- endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {%- if not full_refresh -%}
        {%- do adapter.truncate_relation(old_relation) -%}
        {{ return('truncate table ' ~ old_relation.render()) }}
    {%- endif -%}
    {%- do adapter.drop_relation(old_relation) -%}
    {{ return(create_csv_table(model, agate_table)) }}
{%- endmacro %}

{% macro load_csv_rows(model, agate_table) -%}
    {{ return(adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table)) }}
{%- endmacro %}

{# All rows in one COPY, unless `insert` makes something else of them. Gives the statement. #}
{% macro default__load_csv_rows(model, agate_table) -%}
    {%- set columns = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
    {%- set copy = 'copy %s (%s) from stdin' % (this.render(), columns) -%}
    {%- if agate_table.rows | length -%}
        {%- do adapter.copy_rows(copy, agate_table, this.render(), columns) -%}
    {%- endif -%}
    {{ return(copy) }}
{%- endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) -%}
    {%- set names = [] -%}
    {%- for name in column_names %}{% do names.append(_seed_column_name(model, name)) %}{% endfor -%}
    {{ return(names | join(', ')) }}
{%- endmacro %}

{# As `quote_columns` says. #}
{% macro _seed_column_name(model, name) -%}
    {{ return(adapter.quote_seed_column(name, model.config.get('quote_columns'))) }}
{%- endmacro %}

{% macro get_csv_sql(create_or_truncate_sql, insert_sql) -%}
    {{ return(adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql)) }}
{%- endmacro %}

{# What is kept as the seed's statements in `target/run`. #}
{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) -%}
    {{ return(create_or_truncate_sql ~ ';\n-- dbt seed --\n' ~ insert_sql) }}
{%- endmacro %}

{# For projects that load rows by `insert` themselves. #}
{% macro get_binding_char() -%}
    {{ return(adapter.dispatch('get_binding_char', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_binding_char() -%}
    {{ return('%s') }}
{%- endmacro %}

{% macro get_batch_size() -%}
    {{ return(adapter.dispatch('get_batch_size', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_batch_size() -%}
    {{ return(10000) }}
{%- endmacro %}
