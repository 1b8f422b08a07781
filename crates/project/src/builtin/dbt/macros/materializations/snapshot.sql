{# Snapshots (https://docs.getdbt.com/docs/build/snapshots): a row for every version that a row of the query ever had,
   with the times from and to which it held. #}
{% materialization snapshot, default -%}

    {%- set stands, history = get_or_create_relation(model.database, model.schema, model.alias, 'table') -%}
    {%- if not history.is_table -%}
        {%- do exceptions.relation_wrong_type(history, 'table') -%}
    {%- endif -%}
    {%- do run_hooks(pre_hooks, inside_transaction=false) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=true) -%}

    {%- set strategy = strategy_dispatch(config.get('strategy'))(model, 'snapshotted_data', 'source_data', model.config, stands) -%}
    {%- if stands -%}
        {%- do adapter.assert_valid_snapshot_target_given_strategy(history, _snapshot_names(), strategy) -%}
        {%- set staged = build_snapshot_staging_table(strategy, sql, history) -%}
        {%- set versions = 'select * from ' ~ staged -%}
        {%- set final_sql = snapshot_merge_sql(history, staged, _snapshot_columns_to_write(strategy, staged, history)) -%}
    {%- else -%}
        {%- set versions = build_snapshot_table(strategy, sql) -%}
        {%- set final_sql = create_table_as(false, history, versions) -%}
    {%- endif -%}
    {%- do check_time_data_types(versions) -%}
    {%- do _run_main(final_sql) -%}

    {%- do _settle_build(history, stands, is_new=false) -%}
    {%- if not stands -%}
        {%- do create_indexes(history) -%}
    {%- endif -%}
    {%- do run_hooks(post_hooks, inside_transaction=true) -%}
    {%- do adapter.commit() -%}
    {%- if staged -%}
        {%- do post_snapshot(staged) -%}
    {%- endif -%}
    {%- do run_hooks(post_hooks, inside_transaction=false) -%}
    {{ return({'relations': [history]}) }}

{%- endmaterialization %}

{# Names #}

{# What the columns are called that a snapshot adds, where the project doesn't say. #}
{% macro get_snapshot_table_column_names() -%}
    {%- set names = {} -%}
    {%- for name in ['valid_to', 'valid_from', 'scd_id', 'updated_at', 'is_deleted'] -%}
        {%- do names.update({'dbt_' ~ name: 'dbt_' ~ name}) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# What they are called here. #}
{% macro _snapshot_names() -%}
    {%- set names = get_snapshot_table_column_names() -%}
    {%- set given = config.get('snapshot_table_column_names') or config.get('snapshot_meta_column_names') or {} -%}
    {%- for name in given if given[name] %}{% do names.update({name: given[name]}) %}{% endfor -%}
    {{ return(names) }}
{%- endmacro %}

{# What the staging table has besides columns of the snapshot. #}
{% macro _snapshot_own_columns(strategy) -%}
    {%- set keys = [] -%}
    {%- for part in _key_parts(strategy.unique_key) -%}
        {%- do keys.append(_snapshot_key_name(strategy.unique_key, loop.index)) -%}
    {%- endfor -%}
    {{ return(['dbt_change_type', 'dbt_version_id', 'dbt_version_time', 'dbt_open_id', 'dbt_open_is_deleted'] + keys) }}
{%- endmacro %}

{% macro _snapshot_key_name(unique_key, place) -%}
    {{ return('dbt_unique_key' if unique_key is string else 'dbt_unique_key_' ~ place) }}
{%- endmacro %}

{# The parts of the key as columns of their own: they may be expressions. #}
{% macro unique_key_fields(unique_key) -%}
    {%- set fields = [] -%}
    {%- for part in _key_parts(unique_key) -%}
        {%- do fields.append(part ~ ' as ' ~ _snapshot_key_name(unique_key, loop.index)) -%}
    {%- endfor -%}
    {{ return(fields | join('\n            , ')) }}
{%- endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) -%}
    {%- set conditions = [] -%}
    {%- for _ in _key_parts(unique_key) -%}
        {%- set name = '.' ~ _snapshot_key_name(unique_key, loop.index) -%}
        {%- do conditions.append(equals(identifier ~ name, from_identifier ~ name)) -%}
    {%- endfor -%}
    {{ return(conditions | join('\n                and ')) }}
{%- endmacro %}

{# Whether the join found no row on that side. #}
{% macro unique_key_is_null(unique_key, identifier) -%}
    {{ return(identifier ~ '.' ~ _snapshot_key_name(unique_key, 1) ~ ' is null') }}
{%- endmacro %}

{% macro unique_key_is_not_null(unique_key, identifier) -%}
    {{ return(identifier ~ '.' ~ _snapshot_key_name(unique_key, 1) ~ ' is not null') }}
{%- endmacro %}

{# The end of a version that holds: null, or what the project says. The type is the time's. #}
{% macro get_dbt_valid_to_current(strategy, columns) -%}
    {%- set now = strategy.updated_at -%}
    {{ return('coalesce(nullif(%s, %s), %s) as %s' % (now, now, config.get('dbt_valid_to_current') or 'null', columns.dbt_valid_to)) }}
{%- endmacro %}

{# The condition that a version holds. Versions of before the project set its own end have null. #}
{% macro _snapshot_is_open(column) -%}
    {%- set end = config.get('dbt_valid_to_current') -%}
    {{ return('(' ~ column ~ ' is null' ~ (' or ' ~ column ~ ' = ' ~ end if end else '') ~ ')') }}
{%- endmacro %}

{# The first run #}

{% macro build_snapshot_table(strategy, sql) -%}
    {{ return(adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql)) }}
{%- endmacro %}

{# Every row of the query is a first version. #}
{% macro default__build_snapshot_table(strategy, sql) -%}
    {%- set names = _snapshot_names() -%}
    {%- set added = [
        strategy.scd_id ~ ' as ' ~ names.dbt_scd_id,
        strategy.updated_at ~ ' as ' ~ names.dbt_updated_at,
        strategy.updated_at ~ ' as ' ~ names.dbt_valid_from,
        get_dbt_valid_to_current(strategy, names),
    ] -%}
    {%- if strategy.hard_deletes == 'new_record' -%}
        {%- do added.append("'False' as " ~ names.dbt_is_deleted) -%}
    {%- endif -%}
    {{ return('select\n    *\n    , ' ~ added | join('\n    , ') ~ '\nfrom (\n' ~ sql ~ '\n) as source_data') }}
{%- endmacro %}

{# Later runs #}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) -%}
    {%- set staged = make_temp_relation(target_relation) -%}
    {%- set changes = snapshot_staging_table(strategy, sql, target_relation) -%}
    {%- do _run_together([create_table_as(true, staged, changes)], 'build_snapshot_staging_relation') -%}
    {{ return(staged) }}
{%- endmacro %}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {{ return(adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation)) }}
{%- endmacro %}

{# The changes since the last run. A version that begins is one row, `insert`; one that ends is one row too, `update`
   where another follows it and `delete` where its row went away. A changed row is both. #}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {%- set names, key = _snapshot_names(), strategy.unique_key -%}
    {%- set marks_deleted = strategy.hard_deletes == 'new_record' -%}
    {%- set follows_deletes = marks_deleted or strategy.hard_deletes == 'invalidate' -%}
    with source_data as (
        select
            *
            , {{ unique_key_fields(key) }}
            , {{ strategy.updated_at }} as dbt_version_time
            , {{ strategy.scd_id }} as dbt_version_id
        from (
            {{ source_sql }}
        ) as snapshot_query
    )

    , snapshotted_data as (
        select
            *
            , {{ unique_key_fields(key) }}
        from {{ target_relation }}
        where {{ _snapshot_is_open(names.dbt_valid_to) }}
    )

    , begun as (
        select
            source_data.*
            , snapshotted_data.{{ names.dbt_scd_id }} as dbt_open_id
            , {{ 'snapshotted_data.' ~ names.dbt_is_deleted if marks_deleted else 'null::text' }} as dbt_open_is_deleted
        from source_data
        left join snapshotted_data
            on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
        where {{ unique_key_is_null(key, 'snapshotted_data') }}
            or {{ strategy.row_changed }}
            {%- if marks_deleted %}
            or snapshotted_data.{{ names.dbt_is_deleted }} = 'True'
            {%- endif %}
    )

    , changes as (
        -- a version that begins, and the one that it ends
        select
            begun.*
            , change.*
        from begun
        cross join lateral (
            values
            ('insert', begun.dbt_version_id, {{ _snapshot_end_of_open('begun.dbt_version_time') }}, 'False')
            , ('update', begun.dbt_open_id, begun.dbt_version_time, begun.dbt_open_is_deleted)
        ) as change (dbt_change_type, {{ names.dbt_scd_id }}, {{ names.dbt_valid_to }}, {{ names.dbt_is_deleted }})
        where change.{{ names.dbt_scd_id }} is not null
    )

    select
        changes.*
        , dbt_version_time as {{ names.dbt_updated_at }}
        , dbt_version_time as {{ names.dbt_valid_from }}
    from changes
    {%- if follows_deletes %}

    union all

    -- the query has no such row any more
    select
        {{ _snapshot_last_values(strategy, source_sql, target_relation) | join('\n        , ') }}
        , change.*
        , {{ snapshot_get_time() }} as {{ names.dbt_updated_at }}
        , {{ snapshot_get_time() }} as {{ names.dbt_valid_from }}
    from snapshotted_data
    cross join lateral (
        values
        ('delete', snapshotted_data.{{ names.dbt_scd_id }}, {{ snapshot_get_time() }}, null)
        {%- if marks_deleted %}
        , (
            'insert'
            , {{ snapshot_hash_arguments(['snapshotted_data.' ~ names.dbt_scd_id, snapshot_get_time()]) }}
            , snapshotted_data.{{ names.dbt_valid_to }}
            , 'True'
        )
        {%- endif %}
    ) as change (dbt_change_type, {{ names.dbt_scd_id }}, {{ names.dbt_valid_to }}, {{ names.dbt_is_deleted }})
    where not exists (
        select
        from source_data
        where {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
    )
        {%- if marks_deleted %}
        -- and the last version doesn't say so already
        and snapshotted_data.{{ names.dbt_is_deleted }} is distinct from 'True'
        {%- endif %}
    {%- endif %}
{%- endmacro %}

{% macro _snapshot_end_of_open(time) -%}
    {{ return('coalesce(nullif(%s, %s), %s)' % (time, time, config.get('dbt_valid_to_current') or 'null')) }}
{%- endmacro %}

{# What `begun.*` is for a row that the query lacks: the values of its last version, in the same order, where a
   version is to say that it is gone. What has none gets a null of the query's own type: a plain one has none, and
   the column of the whole would lose its length. #}
{% macro _snapshot_last_values(strategy, source_sql, target_relation) -%}
    {%- set known = get_list_of_column_names(get_columns_in_relation(target_relation)) | map('lower') | list -%}
    {%- set values = [] -%}
    {%- for name in get_columns_in_query(source_sql) -%}
        {%- set quoted = adapter.quote(name) -%}
        {%- if strategy.hard_deletes == 'new_record' and name.lower() in known -%}
            {%- do values.append('snapshotted_data.' ~ quoted) -%}
        {%- else -%}
            {%- do values.append('(select source_data.' ~ quoted ~ ' from source_data limit 0) as ' ~ quoted) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for _ in _key_parts(strategy.unique_key) -%}
        {%- do values.append('snapshotted_data.' ~ _snapshot_key_name(strategy.unique_key, loop.index)) -%}
    {%- endfor -%}
    {{ return(values + ['null', 'null', 'null', 'null']) }}
{%- endmacro %}

{# Makes room for what is new in the query, and gives the names to insert, quoted. #}
{% macro _snapshot_columns_to_write(strategy, staged, history) -%}
    {%- do adapter.expand_target_column_types(from_relation=staged, to_relation=history) -%}
    {%- set own, names = _snapshot_own_columns(strategy), _snapshot_names() -%}
    {%- if strategy.hard_deletes != 'new_record' -%}
        {%- do own.append(names.dbt_is_deleted) -%}
    {%- endif -%}
    {%- set new, written = [], [] -%}
    {%- for column in adapter.get_missing_columns(staged, history) -%}
        {%- if column.name.lower() not in own %}{% do new.append(column) %}{% endif -%}
    {%- endfor -%}
    {%- if new %}{% do create_columns(history, new) %}{% endif -%}
    {%- for column in get_columns_in_relation(staged) -%}
        {%- if column.name.lower() not in own %}{% do written.append(adapter.quote(column.name)) %}{% endif -%}
    {%- endfor -%}
    {{ return(written) }}
{%- endmacro %}

{% macro create_columns(relation, columns) -%}
    {{ return(adapter.dispatch('create_columns', 'dbt')(relation, columns)) }}
{%- endmacro %}

{% macro default__create_columns(relation, columns) -%}
    {%- do alter_relation_add_remove_columns(relation, columns, none) -%}
{%- endmacro %}

{% macro snapshot_merge_sql(target, source, insert_cols) -%}
    {{ return(adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols)) }}
{%- endmacro %}

{# Versions end and begin in one statement; it tells how many began. #}
{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set names = _snapshot_names() -%}
    with ended as (
        update {{ target }} as history
        set {{ names.dbt_valid_to }} = staged.{{ names.dbt_valid_to }}
        from {{ source }} as staged
        where staged.dbt_change_type <> 'insert'
            and staged.{{ names.dbt_scd_id }}::text = history.{{ names.dbt_scd_id }}::text
            and {{ _snapshot_is_open('history.' ~ names.dbt_valid_to) }}
    )

    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select {{ insert_cols | join(', ') }}
    from {{ source }}
    where dbt_change_type = 'insert'
{%- endmacro %}

{% macro post_snapshot(staging_relation) -%}
    {{ return(adapter.dispatch('post_snapshot', 'dbt')(staging_relation)) }}
{%- endmacro %}

{# The staging table is the session's own and goes with it. #}
{% macro default__post_snapshot(staging_relation) -%}
{%- endmacro %}

{# Times #}

{# The times of versions come from `updated_at` and, for deleted rows, from the clock: of two types they compare badly. #}
{% macro check_time_data_types(sql) -%}
    {%- set clock, column = get_snapshot_get_time_data_type(), get_updated_at_column_data_type(sql) -%}
    {%- if clock and column and clock != column -%}
        {%- do exceptions.warn_snapshot_timestamp_data_types(clock, column) -%}
    {%- endif -%}
{%- endmacro %}

{% macro get_updated_at_column_data_type(snapshot_sql) -%}
    {%- set wanted = _snapshot_names().dbt_updated_at.lower() -%}
    {%- set found = [] -%}
    {%- for column in get_column_schema_from_query(snapshot_sql) -%}
        {%- if column.name.lower() == wanted %}{% do found.append(column.dtype) %}{% endif -%}
    {%- endfor -%}
    {{ return(found | first if found else none) }}
{%- endmacro %}
