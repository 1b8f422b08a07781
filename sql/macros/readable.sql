{#- Casts that give null, not an error, where a raw text can't be read: one bad row must not stop a day's
    record. The tests on the staging models count what these turn to null. -#}

{#- Text without surrounding white space; null where nothing is left. -#}
{% macro readable_text(column) -%}
    nullif(btrim({{ column }}, e' \t\r\n'), '')
{%- endmacro %}

{#- A decimal number of any size, with an optional exponent; `NaN` and infinities are not readable. Digits with
    a point among them, which is nearly all there is, are told by what they lack, twice as fast as by the pattern. -#}
{% macro readable_numeric(column) -%}
    case
        when
            ({{ column }} !~ '[^0-9.]' and {{ column }} not like '%.%.%' and {{ column }} not in ('', '.'))
            or {{ column }} ~ '^[ \t\r\n]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,3})?[ \t\r\n]*$'
            then cast({{ column }} as numeric)
    end
{%- endmacro %}

{#- A whole number in the range of bigint's first 18 digits. -#}
{% macro readable_integer(column) -%}
    case when {{ column }} ~ '^[+-]?[0-9]{1,18}$' then cast({{ column }} as bigint) end
{%- endmacro %}

{#- `2021-04-29` or `2021-04-23 21:45:01.554`, as a timestamp. A day that the month lacks gives null:
    counting from the first of the month can't fail, and lands in another month then. -#}
{% macro readable_timestamp(column) -%}
    {%- set day = "cast(substr(" ~ column ~ ", 1, 8) || '01' as date) + cast(substr(" ~ column ~ ", 9, 2) as integer) - 1" -%}
    case
        when
            {{ column }} ~ '^[12][0-9]{3}-(0[1-9]|1[0-2])-[0-3][0-9]([ T]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?)?$'
            and extract(month from {{ day }}) = cast(substr({{ column }}, 6, 2) as integer)
            then {{ day }} + cast(coalesce(nullif(substr({{ column }}, 12), ''), '00:00') as time)
    end
{%- endmacro %}

{#- The date of a readable timestamp. -#}
{% macro readable_date(column) -%}
    cast({{ readable_timestamp(column) }} as date)
{%- endmacro %}
