{# How old a source's newest row is (https://docs.getdbt.com/reference/resource-properties/freshness): the newest row's
   time and the database's own clock, in one row. Given back is the whole result of the statement. #}

{% macro collect_freshness(source, loaded_at_field, filter) -%}
    {{ return(adapter.dispatch('collect_freshness', 'dbt')(source, loaded_at_field, filter)) }}
{%- endmacro %}

{% macro default__collect_freshness(source, loaded_at_field, filter) -%}
    {%- set newest = 'select max(' ~ loaded_at_field ~ ') from ' ~ source ~ (' where ' ~ filter if filter else '') -%}
    {{ return(_ask_freshness('collect_freshness', newest)) }}
{%- endmacro %}

{% macro collect_freshness_custom_sql(source, loaded_at_query) -%}
    {{ return(adapter.dispatch('collect_freshness_custom_sql', 'dbt')(source, loaded_at_query)) }}
{%- endmacro %}

{% macro default__collect_freshness_custom_sql(source, loaded_at_query) -%}
    {{ return(_ask_freshness('collect_freshness_custom_sql', loaded_at_query)) }}
{%- endmacro %}

{% macro _ask_freshness(name, newest) -%}
    {%- call statement(name, fetch_result=true, auto_begin=false) -%}
        select
            (
                {{ newest }}
            ) as max_loaded_at
            , {{ current_timestamp() }} as snapshotted_at
    {%- endcall -%}
    {{ return(load_result(name)) }}
{%- endmacro %}
