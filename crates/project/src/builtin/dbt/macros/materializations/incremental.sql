{# Incremental models (https://docs.getdbt.com/docs/build/incremental-models). A table that stands is added to; where
   there is none, or all is to be done anew, it is built as the materialization `table` does. #}
{% materialization incremental, default -%}

    {%- set plan = _plan_build('table') -%}
    {%- set anew = plan.standing is none or should_full_refresh() or not plan.standing.is_table -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change')) -%}
    {# Asked for even where it isn't needed: a wrong name is to be told at the first run. #}
    {%- set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}
    {%- do _open_build(plan) -%}

    {%- if plan.standing is none -%}
        {# Nothing to be kept meanwhile, so that keys and indexes get their names from the model's. #}
        {%- do _run_main(get_create_table_as_sql(false, plan.target, sql)) -%}
        {%- do create_indexes(plan.target) -%}
    {%- elif anew -%}
        {%- do _run_main(get_create_table_as_sql(false, plan.beside, sql)) -%}
        {%- do create_indexes(plan.beside) -%}
        {%- do _swap_in(plan) -%}
    {%- else -%}
        {%- do _run_main(strategy(_stage_changes(plan, on_schema_change))) -%}
    {%- endif -%}

    {%- do _settle_build(plan.target, plan.standing, is_new=anew) -%}
    {%- do run_hooks(post_hooks, inside_transaction=true) -%}
    {%- do _close_build() -%}
    {{ return({'relations': [plan.target]}) }}

{%- endmaterialization %}

{# The query's rows in a temporary table, the table made ready to take them; gives what a strategy is told. #}
{% macro _stage_changes(plan, on_schema_change) -%}
    {%- set staged = make_temp_relation(plan.target) -%}
    {%- do run_query(get_create_table_as_sql(true, staged, sql)) -%}
    {%- do adapter._await_former_batches() -%}
    {%- if not _enforced_contract() -%}
        {%- do adapter.expand_target_column_types(from_relation=staged, to_relation=plan.target) -%}
    {%- endif -%}
    {%- set columns = process_schema_changes(on_schema_change, staged, plan.standing) -%}
    {{ return({
        'target_relation': plan.target,
        'temp_relation': staged,
        'unique_key': config.get('unique_key'),
        'dest_columns': columns or adapter.get_columns_in_relation(plan.standing),
        'incremental_predicates': config.get('incremental_predicates', config.get('predicates')),
    }) }}
{%- endmacro %}
