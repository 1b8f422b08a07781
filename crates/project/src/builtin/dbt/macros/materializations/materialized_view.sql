{# Materialized views: made once, then refreshed; what of their configuration can be altered is
   (https://docs.getdbt.com/reference/resource-configs/postgres-configs#materialized-views). #}
{% materialization materialized_view, default -%}

    {%- set plan = _plan_build('materialized_view') -%}
    {%- do materialized_view_setup(plan.retired, plan.beside, pre_hooks) -%}

    {%- set build_sql = materialized_view_get_build_sql(plan.standing, plan.target, plan.retired, plan.beside) -%}
    {%- if build_sql | trim -%}
        {%- do materialized_view_execute_build_sql(build_sql, plan.standing, plan.target, post_hooks) -%}
    {%- else -%}
        {%- do materialized_view_execute_no_op(plan.target) -%}
    {%- endif -%}

    {%- do materialized_view_teardown(plan.retired, plan.beside, post_hooks) -%}
    {{ return({'relations': [plan.target]}) }}

{%- endmaterialization %}

{% macro materialized_view_setup(backup_relation, intermediate_relation, pre_hooks) -%}
    {%- do _drop_leftovers([backup_relation, intermediate_relation]) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=false) -%}
{%- endmacro %}

{% macro materialized_view_teardown(backup_relation, intermediate_relation, post_hooks) -%}
    {%- do _drop_leftovers([backup_relation, intermediate_relation]) -%}
    {%- do run_hooks(post_hooks, inside_transaction=false) -%}
{%- endmacro %}

{% macro _drop_leftovers(names) -%}
    {%- for name in names -%}
        {%- do drop_relation_if_exists(load_cached_relation(name)) -%}
    {%- endfor -%}
{%- endmacro %}

{# The statements that bring it up to date; an empty text where the project wants it left as it is. #}
{% macro materialized_view_get_build_sql(existing_relation, target_relation, backup_relation, intermediate_relation) -%}
    {%- if existing_relation is none -%}
        {{ return(get_create_materialized_view_as_sql(target_relation, sql)) }}
    {%- elif should_full_refresh() or not existing_relation.is_materialized_view -%}
        {{ return(get_replace_sql(existing_relation, target_relation, sql)) }}
    {%- endif -%}

    {%- set changes = get_materialized_view_configuration_changes(existing_relation, config) -%}
    {%- if changes is none -%}
        {{ return(refresh_materialized_view(target_relation)) }}
    {%- endif -%}

    {%- set wish = config.get('on_configuration_change') -%}
    {%- set found = 'Configuration changes were identified and `on_configuration_change` was set to `%s` for `%s`' % (wish, target_relation) -%}
    {%- if wish == 'apply' -%}
        {{ return(get_alter_materialized_view_as_sql(
            target_relation, changes, sql, existing_relation, backup_relation, intermediate_relation
        )) }}
    {%- elif wish == 'fail' -%}
        {%- do exceptions.raise_fail_fast_error(found) -%}
    {%- elif wish == 'continue' -%}
        {%- do exceptions.warn(found) -%}
        {{ return('') }}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error('`on_configuration_change` is `%s`: use `apply`, `continue` or `fail`' % wish) -%}
{%- endmacro %}

{% macro materialized_view_execute_no_op(target_relation) -%}
    {%- do store_raw_result('main', 'skip ' ~ target_relation, 'skip', '-1') -%}
{%- endmacro %}

{% macro materialized_view_execute_build_sql(build_sql, existing_relation, target_relation, post_hooks) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=true) -%}
    {%- do _run_main(build_sql) -%}
    {%- do _settle_build(target_relation, existing_relation) -%}
    {%- do run_hooks(post_hooks, inside_transaction=true) -%}
    {%- do adapter.commit() -%}
{%- endmacro %}

{% macro get_materialized_view_configuration_changes(existing_relation, new_config) -%}
    {%- do log('Determining configuration changes on: ' ~ existing_relation) -%}
    {{ return(adapter.dispatch('get_materialized_view_configuration_changes', 'dbt')(existing_relation, new_config)) }}
{%- endmacro %}

{% macro get_alter_materialized_view_as_sql(
    relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation
) -%}
    {%- do log('Applying ALTER to: ' ~ relation) -%}
    {{ return(adapter.dispatch('get_alter_materialized_view_as_sql', 'dbt')(
        relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation
    )) }}
{%- endmacro %}
