{# Questions that models and materializations ask about the run. #}

{# For an incremental model: whether there is a table to add to. False while parsing, when nothing is known. #}
{% macro is_incremental() -%}
    {%- if not execute or model.config.materialized != 'incremental' or should_full_refresh() -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set standing = load_cached_relation(this) -%}
    {{ return(standing is not none and standing.is_table) }}
{%- endmacro %}

{# The node's own word goes before the command line's. #}
{% macro _configured_or(name, otherwise) -%}
    {%- set own = config.get(name) -%}
    {{ return(otherwise if own is none else own) }}
{%- endmacro %}

{% macro should_full_refresh() -%}
    {{ return(_configured_or('full_refresh', flags.FULL_REFRESH)) }}
{%- endmacro %}

{% macro should_store_failures() -%}
    {{ return(_configured_or('store_failures', flags.STORE_FAILURES)) }}
{%- endmacro %}

{# `call set_sql_header(config)`: the block's text goes before the statement that builds the model. #}
{% macro set_sql_header(config) -%}
    {%- do config.set('sql_header', caller()) -%}
{%- endmacro %}

{# The header, or nothing. #}
{% macro _sql_header() -%}
    {{ return(config.get('sql_header', none) or '') }}
{%- endmacro %}

{# The contract that the model must keep; none for most models. #}
{% macro _enforced_contract() -%}
    {%- set contract = config.get('contract') -%}
    {{ return(contract and contract.enforced) }}
{%- endmacro %}

{# Packages ask which engine runs them: not the one that treats some functions apart. #}
{% macro is_core_v2() -%}
    {{ return(false) }}
{%- endmacro %}
