{# Functions (https://docs.getdbt.com/docs/build/udfs). A kind `K` in language `L` is made by the macro
   `K_function_L`; a project may add kinds. #}
{% materialization function, default, supported_languages=['sql', 'python'] -%}

    {%- set standing = load_cached_relation(this) -%}
    {%- set function = this.incorporate(type='function') -%}
    {%- set define = adapter.dispatch(macro_name=_function_macro_name(), macro_namespace='dbt') -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- do function_execute_build_sql(define(function), standing, function) -%}
    {%- do run_hooks(post_hooks) -%}
    {{ return({'relations': [function]}) }}

{%- endmaterialization %}

{% macro _function_macro_name() -%}
    {{ return([model.config.get('type') or 'scalar', 'function', model.language or 'sql'] | join('_')) }}
{%- endmacro %}

{% macro function_execute_build_sql(build_sql, existing_relation, target_relation) -%}
    {{ return(adapter.dispatch('function_execute_build_sql', 'dbt')(build_sql, existing_relation, target_relation)) }}
{%- endmacro %}

{% macro default__function_execute_build_sql(build_sql, existing_relation, target_relation) -%}
    {%- do _run_main(build_sql) -%}
    {%- do _settle_build(target_relation, existing_relation) -%}
    {%- do adapter.commit() -%}
{%- endmacro %}

{% macro scalar_function_sql(target_relation) -%}
    {{ return(adapter.dispatch('scalar_function_sql', 'dbt')(target_relation)) }}
{%- endmacro %}

{% macro default__scalar_function_sql(target_relation) -%}
    {{ return(scalar_function_create_replace_signature_sql(target_relation) ~ '\n' ~ scalar_function_body_sql()) }}
{%- endmacro %}

{% macro scalar_function_create_replace_signature_sql(target_relation) -%}
    {{ return(adapter.dispatch('scalar_function_create_replace_signature_sql', 'dbt')(target_relation)) }}
{%- endmacro %}

{% macro default__scalar_function_create_replace_signature_sql(target_relation) -%}
    {%- set signature = target_relation.render() ~ ' (' ~ formatted_scalar_function_args_sql() | trim ~ ')' -%}
    {{ return([
        'CREATE OR REPLACE FUNCTION ' ~ signature,
        'RETURNS ' ~ model.returns.data_type,
        scalar_function_volatility_sql() | trim,
        'AS',
    ] | select | join('\n')) }}
{%- endmacro %}

{% macro formatted_scalar_function_args_sql() -%}
    {{ return(adapter.dispatch('formatted_scalar_function_args_sql', 'dbt')()) }}
{%- endmacro %}

{% macro default__formatted_scalar_function_args_sql() -%}
    {%- set all = [] -%}
    {%- for argument in model.arguments or [] -%}
        {%- set otherwise = argument.get('default_value') -%}
        {%- do all.append(argument.name ~ ' ' ~ argument.data_type ~ ('' if otherwise is none else ' DEFAULT ' ~ otherwise)) -%}
    {%- endfor -%}
    {{ return(all | join(', ')) }}
{%- endmacro %}

{% macro scalar_function_body_sql() -%}
    {{ return(adapter.dispatch('scalar_function_body_sql', 'dbt')()) }}
{%- endmacro %}

{# Between quotes that a text with `$$` in it doesn't end. #}
{% macro default__scalar_function_body_sql() -%}
    {%- set quote = '$dbt_function_body$' if '$$' in model.compiled_code else '$$' -%}
    {{ return(quote ~ '\n' ~ model.compiled_code ~ '\n' ~ quote ~ ' LANGUAGE SQL') }}
{%- endmacro %}

{% macro scalar_function_volatility_sql() -%}
    {{ return(adapter.dispatch('scalar_function_volatility_sql', 'dbt')()) }}
{%- endmacro %}

{% macro default__scalar_function_volatility_sql() -%}
    {%- set words = {'deterministic': 'IMMUTABLE', 'stable': 'STABLE', 'non-deterministic': 'VOLATILE'} -%}
    {%- set volatility = model.config.get('volatility') -%}
    {%- if volatility and volatility not in words -%}
        {%- do unsupported_volatility_warning(volatility) -%}
    {%- endif -%}
    {{ return(words.get(volatility, '')) }}
{%- endmacro %}

{% macro unsupported_volatility_warning(volatility) -%}
    {{ return(adapter.dispatch('unsupported_volatility_warning', 'dbt')(volatility)) }}
{%- endmacro %}

{% macro default__unsupported_volatility_warning(volatility) -%}
    {%- do exceptions.warn('Postgres has no word for the volatility `%s` of function `%s`: it is left out' % (volatility, model.name)) -%}
{%- endmacro %}
