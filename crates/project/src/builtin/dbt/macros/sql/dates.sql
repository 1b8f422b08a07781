{# Dates and times. What a part of a date is called is up to the database. #}

{% macro date(year, month, day) -%}
    {{ return(adapter.dispatch('date', 'dbt')(year, month, day)) }}
{%- endmacro %}

{% macro default__date(year, month, day) -%}
    {{ return("to_date('%04d-%02d-%02d', 'YYYY-MM-DD')" % (year, month, day)) }}
{%- endmacro %}

{% macro date_trunc(datepart, date) -%}
    {{ return(adapter.dispatch('date_trunc', 'dbt')(datepart, date)) }}
{%- endmacro %}

{% macro default__date_trunc(datepart, date) -%}
    {{ return("date_trunc('" ~ datepart ~ "', " ~ date ~ ')') }}
{%- endmacro %}

{% macro dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ return(adapter.dispatch('dateadd', 'dbt')(datepart, interval, from_date_or_timestamp)) }}
{%- endmacro %}

{% macro default__dateadd(datepart, interval, from_date_or_timestamp) -%}
    {{ return('\n\n    ' ~ _sql_call('dateadd', [datepart, interval, from_date_or_timestamp]) ~ '\n\n') }}
{%- endmacro %}

{% macro datediff(first_date, second_date, datepart) -%}
    {{ return(adapter.dispatch('datediff', 'dbt')(first_date, second_date, datepart)) }}
{%- endmacro %}

{% macro default__datediff(first_date, second_date, datepart) -%}
    {{ return(_sql_call('datediff', [datepart, first_date, second_date])) }}
{%- endmacro %}

{% macro last_day(date, datepart) -%}
    {{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}
{%- endmacro %}

{% macro default__last_day(date, datepart) -%}
    {{ return(default_last_day(date, datepart)) }}
{%- endmacro %}

{% macro default_last_day(date, datepart) -%}
    {{ return(_day_before(dateadd(datepart, '1', date_trunc(datepart, date)))) }}
{%- endmacro %}

{# The date of the day before a moment. #}
{% macro _day_before(moment) -%}
    {{ return('cast(\n        ' ~ dateadd('day', '-1', moment) ~ '\n        as date)') }}
{%- endmacro %}

{% macro get_intervals_between(start_date, end_date, datepart) -%}
    {{ return(adapter.dispatch('get_intervals_between', 'dbt')(start_date, end_date, datepart)) }}
{%- endmacro %}

{# A number, since the text of a series depends on it. A parse asks no database and takes one for it. #}
{% macro default__get_intervals_between(start_date, end_date, datepart) -%}
    {%- set counted = run_query('select ' ~ datediff(start_date, end_date, datepart)) if execute else none -%}
    {{ return(counted.rows[0][0] if counted else 1) }}
{%- endmacro %}

{% macro date_spine(datepart, start_date, end_date) -%}
    {{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}
{%- endmacro %}

{# One row a part of a date: the start is among them, the end is not more than reached. #}
{% macro default__date_spine(datepart, start_date, end_date) %}
    {%- set name = 'date_' ~ datepart -%}
    {%- set steps = generate_series(get_intervals_between(start_date, end_date, datepart)) -%}
    {%- set step = dateadd(datepart, 'row_number() over (order by 1) - 1', start_date) %}


    {# blank #}


    with rawdata as (

        {{ steps }}

    ),

    all_periods as (

        select (
            {{ step }}
        ) as {{ name }}
        from rawdata

    ),

    filtered as (

        select *
        from all_periods
        where {{ name }} <= {{ end_date }}

    )

    select * from filtered

{% endmacro %}
