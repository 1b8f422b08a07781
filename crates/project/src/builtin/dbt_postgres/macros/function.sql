{# Kinds of functions that Postgres has beyond scalar ones. #}

{# `returns: {data_type: table (id int)}`, or `setof …`. #}
{% macro postgres__table_function_sql(target_relation) -%}
    {{ return(scalar_function_sql(target_relation)) }}
{%- endmacro %}

{# The file holds what stands between the parentheses of `create aggregate`: `sfunc = int4pl, stype = int, …`. #}
{% macro postgres__aggregate_function_sql(target_relation) -%}
    {%- set signature = target_relation.render() ~ ' (' ~ formatted_scalar_function_args_sql() | trim ~ ')' -%}
    {{ return('create or replace aggregate ' ~ signature ~ ' (\n' ~ model.compiled_code ~ '\n)') }}
{%- endmacro %}
