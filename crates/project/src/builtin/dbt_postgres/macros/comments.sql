{# A text between dollar quotes that no reasonable text holds. #}
{% macro postgres_escape_comment(comment) -%}
    {%- set quote = '$dbt_comment_literal_block$' -%}
    {%- if comment is not string -%}
        {%- do exceptions.raise_compiler_error('cannot write the comment `' ~ comment ~ '`: not a text') -%}
    {%- elif quote in comment -%}
        {%- do exceptions.raise_compiler_error('The string ' ~ quote ~ ' is not allowed in comments.') -%}
    {%- endif -%}
    {{ return(quote ~ comment ~ quote) }}
{%- endmacro %}
