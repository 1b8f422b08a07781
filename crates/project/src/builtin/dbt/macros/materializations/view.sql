{% materialization view, default -%}

    {%- set plan = _plan_build('view') -%}
    {%- do _open_build(plan) -%}

    {%- do _run_main(get_create_view_as_sql(plan.beside, sql)) -%}
    {%- do _swap_in(plan) -%}

    {%- do _settle_build(plan.target, plan.standing) -%}
    {%- do run_hooks(post_hooks, inside_transaction=true) -%}
    {%- do _close_build() -%}
    {{ return({'relations': [plan.target]}) }}

{%- endmaterialization %}

{# For projects whose own view materialization is `create or replace view` in place. #}
{% macro create_or_replace_view() -%}
    {%- set view = this.incorporate(type='view') -%}
    {%- set standing = load_cached_relation(this) -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- if standing is not none and not standing.is_view -%}
        {%- do handle_existing_table(should_full_refresh(), standing) -%}
    {%- endif -%}
    {%- do _run_main(get_replace_view_sql(view, sql)) -%}
    {%- do _settle_build(view, standing, is_new=false) -%}
    {%- do run_hooks(post_hooks) -%}
    {{ return({'relations': [view]}) }}
{%- endmacro %}

{% macro handle_existing_table(full_refresh, old_relation) -%}
    {{ return(adapter.dispatch('handle_existing_table', 'dbt')(full_refresh, old_relation)) }}
{%- endmacro %}

{% macro default__handle_existing_table(full_refresh, old_relation) -%}
    {%- do adapter.drop_relation(old_relation) -%}
{%- endmacro %}
