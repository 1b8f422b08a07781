{# Days as texts, for partitions named after them. #}

{% macro py_current_timestring() -%}
    {{ return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) }}
{%- endmacro %}

{% macro convert_datetime(date_str, date_fmt) -%}
    {%- set parse = modules.datetime.datetime.strptime -%}
    {{ return(try_or_compiler_error('`' ~ date_str ~ '` is no date of the form `' ~ date_fmt ~ '`', parse, date_str | trim, date_fmt)) }}
{%- endmacro %}

{# Both ends are among them; without an end it is one day. #}
{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt='%Y%m%d', out_fmt='%Y%m%d') -%}
    {%- set first = convert_datetime(start_date_str, in_fmt) -%}
    {%- set last = first if end_date_str is none else convert_datetime(end_date_str, in_fmt) -%}
    {%- if last < first -%}
        {%- do exceptions.raise_compiler_error('Partition start date is after the end date (%s, %s)' % (first, last)) -%}
    {%- endif -%}
    {%- set days = [] -%}
    {%- for later in range((last - first).days + 1) -%}
        {%- do days.append((first + modules.datetime.timedelta(days=later)).strftime(out_fmt)) -%}
    {%- endfor -%}
    {{ return(days) }}
{%- endmacro %}

{# `20240101`, or `20240101,20240131`. #}
{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') -%}
    {%- set ends = raw_partition_date.split(',') -%}
    {%- if ends | length not in (1, 2) -%}
        {%- do exceptions.raise_compiler_error('`' ~ raw_partition_date ~ '` is no range of days: write one day, or the first and the last with a comma between') -%}
    {%- endif -%}
    {{ return(dates_in_range(*ends, in_fmt=date_fmt)) }}
{%- endmacro %}
