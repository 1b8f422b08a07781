{# Relations: the names a build needs beside its own, what exists, and what becomes of it. #}

{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') -%}
    {{ return(adapter.dispatch('make_intermediate_relation', 'dbt')(base_relation, suffix)) }}
{%- endmacro %}

{% macro default__make_intermediate_relation(base_relation, suffix) -%}
    {{ return(_suffixed_relation(base_relation, suffix)) }}
{%- endmacro %}

{# Batches of a microbatch model run side by side: each has its own. #}
{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') -%}
    {%- set batch = '_' ~ model.batch.id if model.batch else '' -%}
    {{ return(adapter.dispatch('make_temp_relation', 'dbt')(base_relation, suffix ~ batch)) }}
{%- endmacro %}

{% macro default__make_temp_relation(base_relation, suffix) -%}
    {{ return(_suffixed_relation(base_relation, suffix)) }}
{%- endmacro %}

{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') -%}
    {{ return(adapter.dispatch('make_backup_relation', 'dbt')(base_relation, backup_relation_type, suffix)) }}
{%- endmacro %}

{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix) -%}
    {{ return(_suffixed_relation(base_relation, suffix).incorporate(type=backup_relation_type)) }}
{%- endmacro %}

{# The suffix is what tells names apart, so the base gives way where both are too long for the database. Nodes whose names
   begin alike may be built at once, so that a name which was cut holds a hash of the whole. #}
{% macro _suffixed_relation(relation, suffix) -%}
    {%- set room = relation.relation_max_name_length() - suffix | length -%}
    {%- if room < 1 -%}
        {%- do exceptions.raise_compiler_error('the suffix `' ~ suffix ~ '` leaves no room for a name') -%}
    {%- endif -%}
    {%- set base = relation.identifier -%}
    {%- if base | length > room -%}
        {%- set hash = '_' ~ local_md5(base)[:8] -%}
        {%- set base = (base[:[room - hash | length, 0] | max] ~ hash)[:room] -%}
    {%- endif -%}
    {{ return(relation.incorporate(path={'identifier': base ~ suffix})) }}
{%- endmacro %}

{# What stands under the relation's name, as the cache knows it; none for nothing. #}
{% macro load_cached_relation(relation) -%}
    {{ return(adapter.get_relation(relation.database, relation.schema, relation.identifier)) }}
{%- endmacro %}

{% macro load_relation(relation) -%}
    {{ return(load_cached_relation(relation)) }}
{%- endmacro %}

{% macro get_or_create_relation(database, schema, identifier, type) -%}
    {{ return(adapter.dispatch('get_or_create_relation', 'dbt')(database, schema, identifier, type)) }}
{%- endmacro %}

{# Two things: whether it stands, and the one that stands, or a new one that doesn't yet. #}
{% macro default__get_or_create_relation(database, schema, identifier, type) -%}
    {%- set wanted = api.Relation.create(database=database, schema=schema, identifier=identifier, type=type) -%}
    {%- set standing = load_cached_relation(wanted) -%}
    {{ return([false, wanted] if standing is none else [true, standing]) }}
{%- endmacro %}

{% macro truncate_relation(relation) -%}
    {{ return(adapter.dispatch('truncate_relation', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__truncate_relation(relation) -%}
    {%- do _run_together(['truncate table ' ~ relation.render()], 'truncate_relation') -%}
{%- endmacro %}

{% macro drop_relation(relation) -%}
    {{ return(adapter.dispatch('drop_relation', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__drop_relation(relation) -%}
    {%- if execute -%}
        {%- do adapter.execute(get_drop_sql(relation), auto_begin=false) -%}
    {%- endif -%}
{%- endmacro %}

{% macro drop_relation_if_exists(relation) -%}
    {%- if relation is not none -%}
        {%- do adapter.drop_relation(relation) -%}
    {%- endif -%}
{%- endmacro %}

{% macro rename_relation(from_relation, to_relation) -%}
    {{ return(adapter.dispatch('rename_relation', 'dbt')(from_relation, to_relation)) }}
{%- endmacro %}

{# Postgres renames views and materialized views by `alter table` too. #}
{% macro default__rename_relation(from_relation, to_relation) -%}
    {%- set renaming = 'alter table ' ~ from_relation.render() ~ ' rename to ' ~ adapter.quote_as_configured(to_relation.identifier, 'identifier') -%}
    {%- do _run_together([renaming], 'rename_relation') -%}
{%- endmacro %}
