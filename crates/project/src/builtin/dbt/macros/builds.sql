{# The steps that materializations share. A build never touches what stands under the model's name: the new relation
   is made beside it and takes its place at the end, in the same transaction. #}

{# What a build of that kind replaces, and the two names it needs meanwhile. #}
{% macro _plan_build(kind) -%}
    {%- set target = this.incorporate(type=kind) -%}
    {%- set standing = load_cached_relation(this) -%}
    {{ return({
        'target': target,
        'standing': standing,
        'beside': make_intermediate_relation(target),
        'retired': make_backup_relation(target, kind if standing is none else standing.type),
    }) }}
{%- endmacro %}

{# Hooks of before, and nothing in the way of the two names. #}
{% macro _open_build(plan) -%}
    {%- do run_hooks(pre_hooks, inside_transaction=false) -%}
    {%- for name in [plan.beside, plan.retired] -%}
        {%- do drop_relation_if_exists(load_cached_relation(name)) -%}
    {%- endfor -%}
    {%- do run_hooks(pre_hooks, inside_transaction=true) -%}
{%- endmacro %}

{# The new relation takes the name, the old one goes; a hook may have dropped it meanwhile. #}
{% macro _swap_in(plan) -%}
    {%- set old = load_cached_relation(plan.target) -%}
    {%- if old is not none -%}
        {%- do adapter.rename_relation(old, plan.retired) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(plan.beside, plan.target) -%}
    {%- if old is not none -%}
        {%- do adapter.drop_relation(plan.retired) -%}
    {%- endif -%}
{%- endmacro %}

{# Who may read it, and what it is said to be. #}
{% macro _settle_build(relation, standing, is_new=true) -%}
    {%- do apply_grants(relation, config.get('grants'), should_revoke=should_revoke(standing, full_refresh_mode=is_new)) -%}
    {%- do persist_docs(relation, model) -%}
{%- endmacro %}

{# The end of the transaction, and the hooks of after it. #}
{% macro _close_build() -%}
    {%- do adapter.commit() -%}
    {%- do run_hooks(post_hooks, inside_transaction=false) -%}
{%- endmacro %}

{# The statement that a node's result tells of. #}
{% macro _run_main(text) -%}
    {%- call statement('main') -%}{{ text }}{%- endcall -%}
{%- endmacro %}
