{# Moments of a transaction are the same in all of its statements: `now()` is when it began. #}

{% macro postgres__current_timestamp() -%}
    {{ return('now()') }}
{%- endmacro %}

{% macro postgres__snapshot_get_time() -%}
    {{ return(current_timestamp() ~ '::timestamp without time zone') }}
{%- endmacro %}

{% macro postgres__snapshot_string_as_time(timestamp) -%}
    {{ return(string_literal(timestamp) ~ '::timestamp without time zone') }}
{%- endmacro %}

{% macro postgres__current_timestamp_backcompat() -%}
    {{ return('\n    current_timestamp::' ~ type_timestamp() ~ '\n') }}
{%- endmacro %}

{% macro postgres__current_timestamp_in_utc_backcompat() -%}
    {{ return("\n    (current_timestamp at time zone 'utc')::" ~ type_timestamp() ~ '\n') }}
{%- endmacro %}
