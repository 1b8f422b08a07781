{# Strategies of snapshots: when a row has changed. One is a macro `snapshot_NAME_strategy`; it gives a dict with
   `row_changed`, a condition on `snapshotted_data` (the version that holds) and `source_data` (the query's row). #}

{# A project's own strategy, or a package's under `package.name`. #}
{% macro strategy_dispatch(name) -%}
    {%- set package, _, short = name.rpartition('.') -%}
    {%- if package and package not in context -%}
        {%- do exceptions.raise_compiler_error("Could not find package '%s', called with '%s'" % (package, name)) -%}
    {%- endif -%}
    {%- set scope = context[package] if package else context -%}
    {%- set wanted = 'snapshot_' ~ short ~ '_strategy' -%}
    {%- if wanted not in scope -%}
        {%- do exceptions.raise_compiler_error("The specified strategy macro '%s' was not found in package '%s'" % (wanted, package or none)) -%}
    {%- endif -%}
    {{ return(scope[wanted]) }}
{%- endmacro %}

{# What all strategies have in common. #}
{% macro _snapshot_strategy_of(updated_at, row_changed) -%}
    {%- set hard_deletes, unique_key = adapter.get_hard_deletes_behavior(config), config.get('unique_key') -%}
    {{ return({
        'unique_key': unique_key,
        'updated_at': updated_at,
        'row_changed': row_changed,
        'scd_id': snapshot_hash_arguments(_key_parts(unique_key) + [updated_at]),
        'hard_deletes': hard_deletes,
        'invalidate_hard_deletes': hard_deletes == 'invalidate',
    }) }}
{%- endmacro %}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
    {%- set updated_at = config.get('updated_at') -%}
    {%- set newer = '(%s.%s < %s.%s)' % (snapshotted_rel, _snapshot_names().dbt_valid_from, current_rel, updated_at) -%}
    {{ return(_snapshot_strategy_of(updated_at, newer)) }}
{%- endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) -%}
    {%- set is_wider, compared = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) -%}
    {%- set differences = [get_true_sql()] if is_wider else [] -%}
    {%- for name in ([] if is_wider else compared) -%}
        {%- set old, new = snapshotted_rel ~ '.' ~ name, current_rel ~ '.' ~ name -%}
        {#- Types that can't be compared are refused by dbt's operator. -#}
        {%- do differences.append('%s <> %s or (%s is null) <> (%s is null)' % (old, new, old, new)) -%}
    {%- endfor -%}
    {{ return(_snapshot_strategy_of(config.get('updated_at') or snapshot_get_time(), '(' ~ (differences or ['false']) | join(' or ') ~ ')')) }}
{%- endmacro %}

{# Two things: whether the query has columns that the snapshot lacks, so that every row has changed; and the columns to
   compare, quoted, as the query names them. #}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
    {%- if not target_exists -%}
        {{ return((false, [])) }}
    {%- endif -%}
    {%- set query = node.compiled_code -%}
    {%- if check_cols_config != 'all' -%}
        {%- if check_cols_config is string or not check_cols_config -%}
            {%- do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) -%}
        {%- endif -%}
        {%- set query = 'select %s from (\n%s\n) as chosen' % (check_cols_config | join(', '), query) -%}
    {%- endif -%}
    {%- set standing = get_list_of_column_names(get_columns_in_relation(this)) | map('lower') | list -%}
    {%- set known, unknown = [], [] -%}
    {%- for name in get_columns_in_query(query) -%}
        {%- do (known if name.lower() in standing else unknown).append(adapter.quote(name)) -%}
    {%- endfor -%}
    {{ return((unknown != [], known)) }}
{%- endmacro %}

{% macro snapshot_hash_arguments(args) -%}
    {{ return(adapter.dispatch('snapshot_hash_arguments', 'dbt')(args)) }}
{%- endmacro %}

{# The id of a version. Snapshots of before hold ids made so: it has to stay as it is. #}
{% macro default__snapshot_hash_arguments(args) -%}
    {%- set texts = [] -%}
    {%- for arg in args %}{% do texts.append("coalesce(cast(" ~ arg ~ " as varchar ), '')\n        ") %}{% endfor -%}
    {{ return('md5(' ~ texts | join(" || '|' || ") ~ ')') }}
{%- endmacro %}

{% macro get_true_sql() -%}
    {{ return(adapter.dispatch('get_true_sql', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_true_sql() -%}
    {{ return('true') }}
{%- endmacro %}
