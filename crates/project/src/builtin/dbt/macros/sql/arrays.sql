{# Arrays (https://docs.getdbt.com/reference/dbt-jinja-functions/cross-database-macros#array-functions). #}

{% macro array_append(array, new_element) -%}
    {{ return(adapter.dispatch('array_append', 'dbt')(array, new_element)) }}
{%- endmacro %}

{% macro default__array_append(array, new_element) -%}
    {{ return('array_append(' ~ array ~ ', ' ~ new_element ~ ')') }}
{%- endmacro %}

{% macro array_concat(array_1, array_2) -%}
    {{ return(adapter.dispatch('array_concat', 'dbt')(array_1, array_2)) }}
{%- endmacro %}

{% macro default__array_concat(array_1, array_2) -%}
    {{ return('array_cat(' ~ array_1 ~ ', ' ~ array_2 ~ ')') }}
{%- endmacro %}

{% macro array_construct(inputs=[], data_type=api.Column.translate_type('integer')) -%}
    {{ return(adapter.dispatch('array_construct', 'dbt')(inputs, data_type)) }}
{%- endmacro %}

{# Without an element to take the type from, the type is said. #}
{% macro default__array_construct(inputs, data_type) -%}
    {%- set literal = 'array[ ' ~ inputs | join(' , ') ~ ' ]' if inputs else 'array[]::' ~ data_type ~ '[]' -%}
    {{ return('\n    ' ~ literal ~ '\n    ') }}
{%- endmacro %}
