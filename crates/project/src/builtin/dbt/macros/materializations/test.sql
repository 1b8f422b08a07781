{# Data tests (https://docs.getdbt.com/docs/build/data-tests): a query for what is wrong, and how much of it is too
   much. The failing rows may be kept in a table or view. #}
{% materialization test, default -%}

    {%- set failing, limit, kept = sql, config.get('limit'), [] -%}

    {%- if should_store_failures() -%}
        {%- do kept.append(_store_failing_rows(failing, limit)) -%}
        {%- set failing, limit = 'select * from ' ~ kept[0], none -%}
    {%- endif -%}

    {%- call statement('main', fetch_result=true) -%} {{ _test_statement(failing, limit) }} {%- endcall -%}
    {{ return({'relations': kept}) }}

{%- endmaterialization %}

{# The statement, also of a test that a shared scan answers: it is kept in target/run for people. #}
{% macro _test_statement(failing, limit) %}
{{ get_test_sql(failing, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit) }}
{%- endmacro %}

{# Committed on its own: the rows are for reading, even where counting them fails. #}
{% macro _store_failing_rows(failing, limit) -%}
    {%- set kind = config.get('store_failures_as') or 'table' -%}
    {%- if kind not in ('table', 'view') -%}
        {%- do exceptions.raise_compiler_error("'%s' is not a valid value for `store_failures_as`. Accepted values are: ['ephemeral', 'table', 'view']" % kind) -%}
    {%- endif -%}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- set store = this.incorporate(type=kind) -%}
    {%- do _run_together([get_create_sql(store, get_limit_subquery_sql(failing, limit))]) -%}
    {%- do adapter.commit() -%}
    {{ return(store) }}
{%- endmacro %}

{% macro get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {{ return(adapter.dispatch('get_test_sql', 'dbt')(main_sql, fail_calc, warn_if, error_if, limit)) }}
{%- endmacro %}

{# One row: how many failed, and whether that is enough to warn or to fail. #}
{% macro default__get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) -%}
    {%- set tests = [['failures', ''], ['should_warn', ' ' ~ warn_if], ['should_error', ' ' ~ error_if]] -%}
    select
    {%- for name, threshold in tests %}
        {{ ', ' if not loop.first }}{{ fail_calc ~ threshold }} as {{ name }}
    {%- endfor %}
    from (
        {{ main_sql }}
        {{ '' if limit is none else 'limit ' ~ limit }}
    ) as dbt_internal_test
{%- endmacro %}

{# The tested relation; where the test has a `where`, the part of it that the test is about. #}
{% macro get_where_subquery(relation) -%}
    {{ return(adapter.dispatch('get_where_subquery', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__get_where_subquery(relation) -%}
    {%- set where = config.get('where', '') -%}
    {{ return('(select * from %s where %s) dbt_subquery' % (relation, where) if where else relation) }}
{%- endmacro %}
