{#- The run's business date as a SQL date: `as_of`, else today in the project's time zone, read once
    from the start of the run. Never the database session's own date, which follows its time zone. -#}
{% macro business_date() -%}
    cast('{{ business_date_text() }}' as date)
{%- endmacro %}

{#- The same date as text, YYYY-MM-DD; an `as_of` that is no such date stops the run. -#}
{% macro business_date_text() -%}
    {%- set as_of = var('as_of', none) -%}
    {%- if as_of is not none -%}
        {{- modules.datetime.datetime.strptime(as_of | string, '%Y-%m-%d').strftime('%Y-%m-%d') -}}
    {%- else -%}
        {%- set zone = modules.pytz.timezone(var('time_zone')) -%}
        {{- run_started_at.astimezone(zone).strftime('%Y-%m-%d') -}}
    {%- endif -%}
{%- endmacro %}
