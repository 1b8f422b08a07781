{# Statements and what they gave. #}

{# `call statement(name)`: sends the block's text. What it gives is kept under the name, for `load_result`. #}
{%- macro statement(name=none, fetch_result=false, auto_begin=true, language='sql') -%}
    {%- if execute -%}
        {%- set text = caller() -%}
        {%- if language != 'sql' -%}
            {%- do submit_python_job(model, text) -%}
        {%- endif -%}
        {%- if name == 'main' -%}
            {%- do _keep_text(text) -%}
        {%- endif -%}
        {%- set outcome = adapter.execute(text, auto_begin=auto_begin, fetch=fetch_result) -%}
        {%- if name is not none -%}
            {%- do store_result(name, response=outcome[0], agate_table=outcome[1]) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}

{# `call noop_statement(…)`: stands for what was done by other means than a statement. #}
{%- macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) -%}
    {%- do _keep_text(caller()) if name == 'main' -%}
    {{ store_raw_result(name, message, code, rows_affected, res) if name is not none }}
{%- endmacro -%}

{# The node's main statement stands in `target/run`. #}
{% macro _keep_text(text) -%}
    {%- do log('Writing runtime sql for node "%s"' % model.unique_id) -%}
    {%- do write(text) -%}
{%- endmacro %}

{# A query's rows, by way of `statement`, which a project may have made its own; none while a project is only
   read. #}
{% macro run_query(sql) -%}
    {%- call statement('run_query_statement', fetch_result=true, auto_begin=false) %}{{ sql }}{% endcall -%}
    {#- Undefined where nothing runs, not none: who asks it for rows while the project is read is told. #}
    {{ return(load_result('run_query_statement').table) }}
{%- endmacro %}

{# Many statements in one round trip; none where there are none. #}
{% macro _run_together(statements, name='run_together') -%}
    {%- set texts = statements | map('trim') | select | list -%}
    {%- if texts -%}
        {%- call statement(name) -%}
            {{ texts | join(';\n') }}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}

{# Hooks (https://docs.getdbt.com/reference/resource-configs/pre-hook-post-hook). Those of inside run in the node's
   transaction; those of outside in none, so an open one is committed before the first of them. #}
{% macro run_hooks(hooks, inside_transaction=true) -%}
    {%- set due = hooks | selectattr('transaction', 'equalto', inside_transaction) | list -%}
    {%- if due and not inside_transaction -%}
        {%- call statement(auto_begin=false) -%}commit{%- endcall -%}
    {%- endif -%}
    {%- for hook in due -%}
        {%- set text = render(hook.get('sql')) | trim -%}
        {%- if text -%}
            {%- call statement(auto_begin=inside_transaction) -%}{{ text }}{%- endcall -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{# A hook as configuration can hold it. #}
{% macro make_hook_config(sql, inside_transaction) -%}
    {{ return(tojson({'sql': sql, 'transaction': inside_transaction})) }}
{%- endmacro %}

{% macro in_transaction(sql) -%}
    {{ return(make_hook_config(sql, true)) }}
{%- endmacro %}

{% macro before_begin(sql) -%}
    {{ return(make_hook_config(sql, false)) }}
{%- endmacro %}

{% macro after_commit(sql) -%}
    {{ return(make_hook_config(sql, false)) }}
{%- endmacro %}
