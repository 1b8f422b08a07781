{% materialization table, default -%}

    {%- set plan = _plan_build('table') -%}
    {%- do _open_build(plan) -%}

    {%- do _run_main(get_create_table_as_sql(false, plan.beside, sql)) -%}
    {%- do create_indexes(plan.beside) -%}
    {%- do _swap_in(plan) -%}

    {%- do run_hooks(post_hooks, inside_transaction=true) -%}
    {%- do _settle_build(plan.target, plan.standing) -%}
    {%- do _close_build() -%}
    {{ return({'relations': [plan.target]}) }}

{%- endmaterialization %}
