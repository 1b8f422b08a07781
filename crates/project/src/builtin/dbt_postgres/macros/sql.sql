{# The logical functions in Postgres' words, where the standard's won't do. #}

{# The function of that name is as young as Postgres 16. #}
{% macro postgres__any_value(expression) -%}
    {{ return('min(' ~ expression ~ ')') }}
{%- endmacro %}

{% macro postgres__equals(expr1, expr2) -%}
    {%- if adapter.behavior.enable_truthy_nulls_equals_macro.no_warn -%}
        {{ return(expr1 ~ ' is not distinct from ' ~ expr2) }}
    {%- endif -%}
    {{ return('(' ~ expr1 ~ ' = ' ~ expr2 ~ ')') }}
{%- endmacro %}

{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {%- set step = "((interval '1 " ~ datepart ~ "') * (" ~ interval ~ '))' -%}
    {{ return('\n\n    ' ~ from_date_or_timestamp ~ ' + ' ~ step ~ '\n\n') }}
{%- endmacro %}

{# Boundaries crossed from one date to the other. Of a part below the day or year it is those of the part above,
   as many times as it has parts, and what the two dates are apart in their own. #}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
    {%- set above = {
        'quarter': ('year', 4),
        'month': ('year', 12),
        'hour': ('day', 24),
        'minute': ('hour', 60),
        'second': ('minute', 60),
        'millisecond': ('minute', 60000),
        'microsecond': ('minute', 60000000),
    } -%}
    {%- set part = "date_part('" ~ datepart ~ "', (%s)::" ~ ('date' if datepart in ['year', 'quarter', 'month'] else 'timestamp') ~ ')' -%}
    {%- set part = 'floor(' ~ part ~ ')' if 'second' in datepart else part -%}
    {%- set apart = part % second_date ~ ' - ' ~ part % first_date -%}
    {%- if datepart == 'day' -%}
        {%- set apart = '(' ~ second_date ~ ')::date - (' ~ first_date ~ ')::date' -%}
    {%- elif datepart == 'week' -%}
        {# Whole weeks, and one more where the days between hold a Sunday. #}
        {%- set weekday = "date_part('dow', (%s)::timestamp)" -%}
        {%- set sign = 'case when ' ~ first_date ~ ' <= ' ~ second_date ~ ' then %d else %d end' -%}
        {%- set apart = [
            datediff(first_date, second_date, 'day') ~ ' / 7 + case',
            '    when ' ~ weekday % first_date ~ ' <= ' ~ weekday % second_date ~ ' then',
            '        ' ~ sign % (0, -1),
            '    else',
            '        ' ~ sign % (1, 0),
            'end',
        ] | join('\n        ') -%}
    {%- elif datepart in above -%}
        {%- set larger, count = above[datepart] -%}
        {%- set apart = datediff(first_date, second_date, larger) ~ ' * ' ~ count ~ ' + ' ~ apart -%}
    {%- elif datepart != 'year' -%}
        {%- do exceptions.raise_compiler_error('Unsupported datepart for macro datediff in postgres: ' ~ datepart) -%}
    {%- endif -%}
    {{ return('\n        (' ~ apart ~ ')\n    ') }}
{%- endmacro %}

{# Postgres has no interval of a quarter. #}
{% macro postgres__last_day(date, datepart) -%}
    {%- if datepart != 'quarter' -%}
        {{ return(default_last_day(date, datepart)) }}
    {%- endif -%}
    {%- set next_quarter = dateadd('month', '3', date_trunc('quarter', date)) -%}
    {{ return('-- postgres dateadd does not support quarter interval.\n    ' ~ _day_before(next_quarter)) }}
{%- endmacro %}

{% macro postgres__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
    {%- set order = order_by_clause or '' -%}
    {%- if not limit_num -%}
        {{ return('\n    ' ~ _sql_call('string_agg', [measure, delimiter_text ~ '\n        ' ~ order])) }}
    {%- endif -%}
    {%- set ordered = ['(array_agg(', '    ' ~ measure, '    ' ~ order, '))[1:' ~ limit_num ~ ']'] | join('\n        ') -%}
    {{ return(_sql_call('array_to_string', [ordered, delimiter_text])) }}
{%- endmacro %}

{# Postgres counts from the end itself only since version 14. #}
{% macro postgres__split_part(string_text, delimiter_text, part_number) -%}
    {%- set find = _split_part_negative if part_number < 0 else default__split_part -%}
    {{ return('\n\n  \n    ' ~ find(string_text, delimiter_text, part_number) ~ '\n  \n\n') }}
{%- endmacro %}
