{# Aggregates, set operators and series of rows. #}

{% macro any_value(expression) -%}
    {{ return(adapter.dispatch('any_value', 'dbt')(expression)) }}
{%- endmacro %}

{% macro default__any_value(expression) -%}
    {{ return('any_value(' ~ expression ~ ')') }}
{%- endmacro %}

{% macro bool_or(expression) -%}
    {{ return(adapter.dispatch('bool_or', 'dbt')(expression)) }}
{%- endmacro %}

{% macro default__bool_or(expression) -%}
    {{ return('bool_or(' ~ expression ~ ')') }}
{%- endmacro %}

{% macro listagg(measure, delimiter_text="','", order_by_clause=none, limit_num=none) -%}
    {{ return(adapter.dispatch('listagg', 'dbt')(measure, delimiter_text, order_by_clause, limit_num)) }}
{%- endmacro %}

{# Standard SQL, for those who dispatch to it by name; Postgres has its own below `dbt_postgres`. #}
{% macro default__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    {%- set order = 'within group (' ~ order_by_clause ~ ')' if order_by_clause else '' -%}
    {%- if not limit_num -%}
        {%- set call = ['listagg(', '    ' ~ measure ~ ',', '    ' ~ delimiter_text, '    )', '    ' ~ order] -%}
        {{ return('\n    ' ~ call | join('\n    ')) }}
    {%- endif -%}
    {%- set first = ['array_slice(', '    array_agg(', '        ' ~ measure, '    )' ~ order, '    ,0', '    ,' ~ limit_num, '),'] -%}
    {{ return('array_to_string(\n        ' ~ first | join('\n        ') ~ '\n        ' ~ delimiter_text ~ '\n        )') }}
{%- endmacro %}

{% macro except() -%}
    {{ return(adapter.dispatch('except', 'dbt')()) }}
{%- endmacro %}

{% macro default__except() %}

    except

{% endmacro %}

{% macro intersect() -%}
    {{ return(adapter.dispatch('intersect', 'dbt')()) }}
{%- endmacro %}

{% macro default__intersect() %}

    intersect

{% endmacro %}

{% macro get_powers_of_two(upper_bound) -%}
    {{ return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) }}
{%- endmacro %}

{# How many binary digits count as far as the bound; at least one. #}
{% macro default__get_powers_of_two(upper_bound) -%}
    {%- if not upper_bound > 0 -%}
        {%- do exceptions.raise_compiler_error('upper bound must be positive') -%}
    {%- endif -%}
    {%- set enough = namespace(digits=1) -%}
    {%- for _ in range(64) -%}
        {%- set enough.digits = enough.digits + (1 if 2 ** enough.digits < upper_bound else 0) -%}
    {%- endfor -%}
    {{ return(enough.digits) }}
{%- endmacro %}

{% macro generate_series(upper_bound) -%}
    {{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}
{%- endmacro %}

{# Numbers from one on: a binary digit a cross join, each weighed by its power of two. #}
{% macro default__generate_series(upper_bound) -%}
    {%- set weighed, digits = [], [] -%}
    {%- for digit in range(get_powers_of_two(upper_bound)) -%}
        {%- do weighed.append('p%d.generated_number * power(2, %d)' % (digit, digit)) -%}
        {%- do digits.append('p as p%d' % digit) -%}
    {%- endfor -%}
    {%- set next, gap = '\n    \n    ', '\n\n    ' -%}
    {%- set query = [
        'with p as (\n        select 0 as generated_number union all select 1\n    ), unioned as (',
        'select',
        next[5:] ~ weighed | join('\n     + ' ~ next) ~ next ~ '\n    + 1\n    as generated_number',
        'from',
        next[5:] ~ digits | join('\n     cross join ' ~ next) ~ next,
        ')',
        'select *\n    from unioned\n    where generated_number <= ' ~ upper_bound ~ '\n    order by generated_number',
    ] -%}
    {{ return('\n\n    ' ~ gap ~ query | join(gap) ~ '\n\n') }}
{%- endmacro %}
