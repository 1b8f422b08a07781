{# Strategies (https://docs.getdbt.com/docs/build/incremental-strategy): how staged rows get into the table. A project
   adds one under the pattern `get_incremental_NAME_sql`; each is told everything in one dict. #}

{% macro get_incremental_append_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_append_sql', 'dbt')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_append_sql(arg_dict) -%}
    {{ return(get_insert_into_sql(arg_dict.target_relation, arg_dict.temp_relation, arg_dict.dest_columns)) }}
{%- endmacro %}

{% macro get_incremental_delete_insert_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_delete_insert_sql', 'dbt')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_delete_insert_sql(arg_dict) -%}
    {{ return(_by_key(get_delete_insert_merge_sql, arg_dict)) }}
{%- endmacro %}

{% macro get_incremental_merge_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_merge_sql', 'dbt')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_merge_sql(arg_dict) -%}
    {{ return(_by_key(get_merge_sql, arg_dict)) }}
{%- endmacro %}

{# Both take the same five things in the same order. #}
{% macro _by_key(write, staged) -%}
    {%- set target, source = staged.target_relation, staged.temp_relation -%}
    {{ return(write(target, source, staged.unique_key, staged.dest_columns, staged.incremental_predicates)) }}
{%- endmacro %}

{% macro get_incremental_insert_overwrite_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_insert_overwrite_sql', 'dbt')(arg_dict)) }}
{%- endmacro %}

{% macro default__get_incremental_insert_overwrite_sql(arg_dict) -%}
    {%- set staged = arg_dict -%}
    {%- set where = staged.incremental_predicates -%}
    {{ return(get_insert_overwrite_merge_sql(staged.target_relation, staged.temp_relation, staged.dest_columns, where)) }}
{%- endmacro %}

{% macro get_incremental_default_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_default_sql', 'dbt')(arg_dict)) }}
{%- endmacro %}

{# Rows of a known key take the place of their former selves; without a key nothing can be known again. #}
{% macro default__get_incremental_default_sql(arg_dict) -%}
    {{ return((get_incremental_delete_insert_sql if arg_dict.unique_key else get_incremental_append_sql)(arg_dict)) }}
{%- endmacro %}

{% macro get_incremental_microbatch_sql(arg_dict) -%}
    {{ return(adapter.dispatch('get_incremental_microbatch_sql', 'dbt')(arg_dict)) }}
{%- endmacro %}

{# A batch that runs again must not double its rows: only a key prevents that here. #}
{% macro default__get_incremental_microbatch_sql(arg_dict) -%}
    {%- if not arg_dict.unique_key -%}
        {%- do exceptions.raise_compiler_error("dbt-postgres 'microbatch' requires a `unique_key` config") -%}
    {%- endif -%}
    {{ return(get_incremental_merge_sql(arg_dict)) }}
{%- endmacro %}

{# The statements #}

{% macro get_insert_into_sql(target_relation, temp_relation, dest_columns) -%}
    {%- set names = get_quoted_csv(get_list_of_column_names(dest_columns)) -%}
    {{ return('insert into %s (%s)\nselect %s from %s' % (target_relation, names, names, temp_relation)) }}
{%- endmacro %}

{% macro get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {{ return(adapter.dispatch('get_delete_insert_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates)) }}
{%- endmacro %}

{% macro default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {%- set insert = get_insert_into_sql(target, source, dest_columns) -%}
    {%- if not unique_key -%}
        {{ return(insert) }}
    {%- endif -%}
    {%- set key = _key_parts(unique_key) | join(', ') -%}
    {%- set known = '(%s) in (select %s from %s as DBT_INTERNAL_SOURCE)' % (key, key, source) -%}
    delete from {{ target }} as DBT_INTERNAL_DEST
    where {{ ([known] + (incremental_predicates or [])) | join('\n        and ') }};

    {{ insert }}
{%- endmacro %}

{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {{ return(adapter.dispatch('get_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates)) }}
{%- endmacro %}

{% macro default__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
    {%- set names = get_quoted_csv(get_list_of_column_names(dest_columns)) -%}
    {%- set conditions = [] + (incremental_predicates or []) -%}
    {%- for part in _key_parts(unique_key) -%}
        {%- do conditions.append(get_merge_unique_key_match('DBT_INTERNAL_SOURCE.' ~ part, 'DBT_INTERNAL_DEST.' ~ part)) -%}
    {%- endfor -%}
    {#- Without a key no row is known again; wrong predicates are told nevertheless. -#}
    {%- do conditions.append('false') if not unique_key -%}
    {%- set assignments = [] -%}
    {%- for name in get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) -%}
        {%- do assignments.append(name ~ ' = DBT_INTERNAL_SOURCE.' ~ name) -%}
    {%- endfor -%}
    {{ _sql_header() }}
    merge into {{ target }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
        on ({{ conditions | join(') and (') }})
    {%- if unique_key and assignments %}
    when matched then
        update set
            {{ assignments | join('\n            , ') }}
    {%- endif %}
    when not matched then
        insert ({{ names }}) values ({{ names }})
{%- endmacro %}

{% macro get_merge_unique_key_match(source_unique_key, target_unique_key) -%}
    {{ return(adapter.dispatch('get_merge_unique_key_match', 'dbt')(source_unique_key, target_unique_key)) }}
{%- endmacro %}

{% macro default__get_merge_unique_key_match(source_unique_key, target_unique_key) -%}
    {{ return(equals(source_unique_key, target_unique_key)) }}
{%- endmacro %}

{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) -%}
    {{ return(adapter.dispatch('get_merge_update_columns', 'dbt')(merge_update_columns, merge_exclude_columns, dest_columns)) }}
{%- endmacro %}

{# The columns that a merge writes into a row that is there: those named, or all but those excluded. #}
{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) -%}
    {%- if merge_update_columns -%}
        {%- if merge_exclude_columns -%}
            {%- do exceptions.raise_compiler_error('Model cannot specify merge_update_columns and merge_exclude_columns. Please update model to use only one config') -%}
        {%- endif -%}
        {{ return(merge_update_columns) }}
    {%- endif -%}
    {%- set kept = merge_exclude_columns | map('lower') | list if merge_exclude_columns else [] -%}
    {%- set written = [] -%}
    {%- for column in dest_columns -%}
        {%- if column.name.lower() not in kept %}{% do written.append(column.quoted) %}{% endif -%}
    {%- endfor -%}
    {{ return(written) }}
{%- endmacro %}

{% macro get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false) -%}
    {{ return(adapter.dispatch('get_insert_overwrite_merge_sql', 'dbt')(target, source, dest_columns, predicates, include_sql_header)) }}
{%- endmacro %}

{# The rows that the predicates name go, the staged ones come. #}
{% macro default__get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false) -%}
    {{ _sql_header() if include_sql_header }}
    delete from {{ target }} as DBT_INTERNAL_DEST
    {{ 'where ' ~ predicates | join(' and ') if predicates }};

    {{ get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}

{# Names #}

{# A key is a text or a list of them; no key is none of them. #}
{% macro _key_parts(unique_key) -%}
    {%- if not unique_key -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return([unique_key] if unique_key is string else unique_key | list) }}
{%- endmacro %}

{% macro get_quoted_csv(column_names) -%}
    {%- set quoted = [] -%}
    {%- for name in column_names %}{% do quoted.append(adapter.quote(name)) %}{% endfor -%}
    {{ return(quoted | join(', ')) }}
{%- endmacro %}
