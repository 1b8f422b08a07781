{# Texts, casts and comparisons. #}

{# `name(` and its arguments, a line each. #}
{% macro _sql_call(name, arguments, closing='        )') -%}
    {{ return(name ~ '(\n        ' ~ arguments | join(',\n        ') ~ '\n' ~ closing) }}
{%- endmacro %}

{% macro concat(fields) -%}
    {{ return(adapter.dispatch('concat', 'dbt')(fields)) }}
{%- endmacro %}

{% macro default__concat(fields) -%}
    {{ return(fields | join(' || ')) }}
{%- endmacro %}

{% macro escape_single_quotes(expression) -%}
    {{ return(adapter.dispatch('escape_single_quotes', 'dbt')(expression)) }}
{%- endmacro %}

{% macro default__escape_single_quotes(expression) -%}
    {{ return(expression | replace("'", "''")) }}
{%- endmacro %}

{% macro string_literal(value) -%}
    {{ return(adapter.dispatch('string_literal', 'dbt')(value)) }}
{%- endmacro %}

{% macro default__string_literal(value) -%}
    {{ return("'" ~ value ~ "'") }}
{%- endmacro %}

{# A text as a literal that no quote in it can end. #}
{% macro _quoted_literal(text) -%}
    {{ return(string_literal(escape_single_quotes(text))) }}
{%- endmacro %}

{% macro hash(field) -%}
    {{ return(adapter.dispatch('hash', 'dbt')(field)) }}
{%- endmacro %}

{% macro default__hash(field) -%}
    {{ return('md5(cast(' ~ field ~ ' as ' ~ type_string() ~ '))') }}
{%- endmacro %}

{% macro length(expression) -%}
    {{ return(adapter.dispatch('length', 'dbt')(expression)) }}
{%- endmacro %}

{% macro default__length(expression) -%}
    {{ return('\n\n    ' ~ _sql_call('length', [expression], closing='    )')) }}
{%- endmacro %}

{% macro position(substring_text, string_text) -%}
    {{ return(adapter.dispatch('position', 'dbt')(substring_text, string_text)) }}
{%- endmacro %}

{% macro default__position(substring_text, string_text) -%}
    {{ return('\n\n    ' ~ _sql_call('position', [substring_text ~ ' in ' ~ string_text], closing='    )')) }}
{%- endmacro %}

{% macro replace(field, old_chars, new_chars) -%}
    {{ return(adapter.dispatch('replace', 'dbt')(field, old_chars, new_chars)) }}
{%- endmacro %}

{% macro default__replace(field, old_chars, new_chars) -%}
    {{ return('\n\n    ' ~ _sql_call('replace', [field, old_chars, new_chars], closing='    )') ~ '\n\n\n') }}
{%- endmacro %}

{% macro right(string_text, length_expression) -%}
    {{ return(adapter.dispatch('right', 'dbt')(string_text, length_expression)) }}
{%- endmacro %}

{% macro default__right(string_text, length_expression) -%}
    {{ return('\n\n    ' ~ _sql_call('right', [string_text, length_expression], closing='    )')) }}
{%- endmacro %}

{% macro split_part(string_text, delimiter_text, part_number) -%}
    {{ return(adapter.dispatch('split_part', 'dbt')(string_text, delimiter_text, part_number)) }}
{%- endmacro %}

{% macro default__split_part(string_text, delimiter_text, part_number) -%}
    {{ return('\n\n    ' ~ _sql_call('split_part', [string_text, delimiter_text, part_number]) ~ '\n\n') }}
{%- endmacro %}

{# Counted from the end: as many delimiters as the text is longer with them than without, and two, and back. #}
{% macro _split_part_negative(string_text, delimiter_text, part_number) -%}
    {%- set bare = 'replace(%s,  %s, %s)' % (string_text, delimiter_text, "''") -%}
    {%- set whole = 'length(' ~ string_text ~ ')' -%}
    {%- set place = [whole, '- length(', '    ' ~ bare, ') + 2 + ' ~ part_number] | join('\n          ') -%}
    {{ return(default__split_part(string_text, delimiter_text, '  ' ~ place)) }}
{%- endmacro %}

{% macro cast(field, type) -%}
    {{ return(adapter.dispatch('cast', 'dbt')(field, type)) }}
{%- endmacro %}

{% macro default__cast(field, type) -%}
    {{ return('\n    cast(' ~ field ~ ' as ' ~ type ~ ')\n') }}
{%- endmacro %}

{% macro safe_cast(field, type) -%}
    {{ return(adapter.dispatch('safe_cast', 'dbt')(field, type)) }}
{%- endmacro %}

{# Postgres has no cast that gives null where it cannot cast: this one fails. #}
{% macro default__safe_cast(field, type) -%}
    {{ return('\n    ' ~ default__cast(field, type)) }}
{%- endmacro %}

{% macro cast_bool_to_text(field) %}
  {{ adapter.dispatch('cast_bool_to_text', 'dbt')(field) }}
{% endmacro %}

{% macro default__cast_bool_to_text(field) -%}
    {{ return(default__cast(field, type_string())) }}
{%- endmacro %}

{# Whether two expressions are equal; two nulls are, where the project's flag says so. #}
{% macro equals(expr1, expr2) -%}
    {{ return(adapter.dispatch('equals', 'dbt')(expr1, expr2)) }}
{%- endmacro %}

{% macro default__equals(expr1, expr2) -%}
    {%- set plain = expr1 ~ ' = ' ~ expr2 -%}
    {%- if adapter.behavior.enable_truthy_nulls_equals_macro.no_warn -%}
        {%- set plain = 'case when ((' ~ plain ~ ') or (' ~ expr1 ~ ' is null and ' ~ expr2 ~ ' is null)) then 0 else 1 end = 0' -%}
    {%- endif -%}
    {{ return('(' ~ plain ~ ')\n') }}
{%- endmacro %}
