{# A text between dollar quotes that no reasonable text holds. #}
{% macro postgres_escape_comment(comment) -%}
    {%- set quote = '$dbt_comment_literal_block$' -%}
    {%- set problem = 'not a text' if comment is not string else ('has ' ~ quote ~ ' in it' if quote in comment else none) -%}
    {%- if problem -%}
        {%- do exceptions.raise_compiler_error('cannot write the comment `' ~ comment ~ '`: ' ~ problem) -%}
    {%- endif -%}
    {{ return(quote ~ comment ~ quote) }}
{%- endmacro %}
